//! Devices without hardware: profiles in place of cards, files in place of paper. For development only.

mod chip;
mod display;
mod printer;
mod profile;
mod reader;

pub use display::LineDisplay;
pub use printer::VirtualPrinter;
pub use profile::{BUILT_IN_CARDS, CardFault, CardProfile, ProfileError, ProfileProblem};
pub use reader::VirtualReader;
