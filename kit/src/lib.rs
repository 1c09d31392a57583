//! What judges a plugin without its source.
//!
//! A plugin is looked at as the terminal sees it: a component that imports nothing, called in a sandbox. So everything
//! here works for any plugin, in whatever language it was written.

mod authoring;
mod certify;
mod inspection;
mod mistake;
mod recording;
mod replay;
pub mod scenario;
pub mod scripted;
mod secrets;
mod trial;

pub use authoring::{Build, BuildError, Built, NewError, PluginName, TEMPLATES, Template};
pub use certify::{Breach, Heard, Interpreted, Judge, Law, Most, Report, Told, Verdict, certify, transcript};
pub use inspection::{Cost, Inspection, OperationFacts, inspect};
pub use mistake::Mistake;
pub use recording::{Answered, Asked, RecordedCall, Recorder, RecordingError, read_recording};
pub use replay::{Difference, JournalReplay, Tally, first_difference};
pub use secrets::{Found, Secrets};
pub use trial::Trial;
