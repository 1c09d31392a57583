use crate::DeviceError;

/// What the customer and the cashier see.
pub trait Display: Send {
    /// Shows this screen in place of the one before.
    ///
    /// # Errors
    ///
    /// The display is broken. What it should have shown stays true.
    fn show(&mut self, screen: &Screen) -> Result<(), DeviceError>;

    /// Makes a sound.
    ///
    /// # Errors
    ///
    /// The device is broken.
    fn beep(&mut self, beep: Beep) -> Result<(), DeviceError>;
}

/// One screen: lines of text, from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// In the language of who reads them.
    pub lines: Vec<String>,
}

/// What a sound means. The sound of a key is the same for every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beep {
    /// A key was pressed.
    Key,
    /// It went well.
    Good,
    /// It did not go well.
    Bad,
    /// A card was forgotten.
    RemoveCard,
}

impl<T: Into<String>> FromIterator<T> for Screen {
    fn from_iter<I: IntoIterator<Item = T>>(lines: I) -> Self {
        Screen { lines: lines.into_iter().map(Into::into).collect() }
    }
}
