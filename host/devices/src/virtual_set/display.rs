use std::io::Write;

use crate::{Beep, Device, DeviceError, Display, Screen};

/// Writes every screen as lines to a sink. Makes no sound.
pub struct LineDisplay<W> {
    sink: W,
}

impl<W: Write + Send> LineDisplay<W> {
    /// A display on this sink.
    pub fn new(sink: W) -> Self {
        LineDisplay { sink }
    }

    /// The sink, with everything that was shown.
    pub fn into_inner(self) -> W {
        self.sink
    }
}

impl<W: Write + Send> Display for LineDisplay<W> {
    fn show(&mut self, screen: &Screen) -> Result<(), DeviceError> {
        let written = screen.lines.iter().try_for_each(|line| writeln!(self.sink, "{line}"));
        written
            .and_then(|()| self.sink.flush())
            .map_err(|error| DeviceError::Fault { device: Device::Display, detail: error.to_string() })
    }

    fn beep(&mut self, _beep: Beep) -> Result<(), DeviceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_come_out_as_lines() {
        let mut display = LineDisplay::new(Vec::new());
        display.show(&["¥12.34", "请刷卡"].into_iter().collect()).unwrap();
        display.beep(Beep::Good).unwrap();
        display.show(&Screen { lines: vec!["owed: 0".to_owned()] }).unwrap();
        assert_eq!(String::from_utf8(display.into_inner()).unwrap(), "¥12.34\n请刷卡\nowed: 0\n");
    }

    #[test]
    fn a_broken_sink_is_an_error_and_no_panic() {
        let mut no_room: [u8; 2] = [0; 2];
        let error = LineDisplay::new(&mut no_room[..]).show(&["abc"].into_iter().collect()).unwrap_err();
        assert!(matches!(error, DeviceError::Fault { device: Device::Display, .. }), "{error}");
    }
}
