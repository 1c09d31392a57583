use std::fmt;

/// A part of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Card reader and PIN pad.
    Reader,
    /// What the customer and the cashier see.
    Display,
}

/// A device that did not do what it was asked; the terminal is at fault. Never holds card data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A session is running; end it or cancel it first.
    #[error("the card reader is busy; cancel its session first")]
    Busy,
    /// The answer fits no question that is open.
    #[error("the card reader asked nothing that \"{answer}\" answers")]
    OutOfTurn {
        /// Which answer.
        answer: &'static str,
    },
    /// The device is broken or gone.
    #[error("the {device} failed: {detail}; check it, or call service")]
    Fault {
        /// Which device.
        device: Device,
        /// What it said.
        detail: String,
    },
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Device::Reader => "card reader",
            Device::Display => "display",
        })
    }
}
