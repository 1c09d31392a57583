//! Card reader with PIN entry, printer and display: small traits of event and answer, and a virtual set.
//!
//! The traits have the shape that vendor SDKs share: the device tells events, some of them questions, and is given
//! answers. Every wait has a deadline, cancelling is legal in every state, and a card that is taken away is an outcome,
//! not an error. Card data leaves a reader only as a vault's card session; a PIN leaves it only as a count of keys.

mod display;
mod error;
mod printer;
mod reader;
pub mod stripe;
pub mod virtual_set;

pub use display::{Beep, Display, Screen};
pub use error::{Device, DeviceError};
pub use printer::{Item, Line, Page, Printer, PrinterProblem, layout};
pub use reader::{Answer, CardEvent, CardReader, CardRequest, Ending, Finished, Notice, PinPolicy, Wanted};
