//! The signals that end a demo: its folder is taken away all the same.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::trouble::{Exit, Trouble};

/// Listens from when it is made, so that no signal is lost between two waits.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn listen(runtime: &tokio::runtime::Runtime) -> Result<Self, Trouble> {
        let _inside = runtime.enter();
        let listen = |kind| {
            signal(kind).map_err(|error| Trouble::failed(format!("listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// How a program ends that the next signal ends.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hang_up.recv() => Exit::HungUp,
        }
    }
}
