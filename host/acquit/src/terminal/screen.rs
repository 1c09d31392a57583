//! The terminal's screen, and the same for whoever waits at another one.

use std::sync::{Arc, Mutex, PoisonError};

use devices::{Beep, DeviceError, Display, Screen};

use crate::control::{Reply, Told};

/// A display, and the commands that wait: they are told what it shows.
pub(super) struct Relay {
    display: Arc<Mutex<dyn Display>>,
    listeners: Listeners,
}

/// Who waits and wants to know how it goes.
#[derive(Clone, Default)]
pub(super) struct Listeners(Arc<Mutex<Vec<Reply>>>);

impl Relay {
    pub(super) fn new(display: Arc<Mutex<dyn Display>>, listeners: Listeners) -> Relay {
        Relay { display, listeners }
    }
}

impl Listeners {
    pub(super) fn add(&self, reply: Reply) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(reply);
    }

    /// Tells everybody who is still there.
    pub(super) fn tell(&self, told: &Told) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|reply| reply.tell(told.clone()));
    }
}

impl Display for Relay {
    fn show(&mut self, screen: &Screen) -> Result<(), DeviceError> {
        for line in &screen.lines {
            self.listeners.tell(&Told::Screen { screen: line.clone() });
        }
        self.display.lock().unwrap_or_else(PoisonError::into_inner).show(screen)
    }

    fn beep(&mut self, beep: Beep) -> Result<(), DeviceError> {
        self.display.lock().unwrap_or_else(PoisonError::into_inner).beep(beep)
    }
}
