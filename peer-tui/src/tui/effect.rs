//! All that the screen can want from the world, as values.

use super::connection::Exit;
use super::model::Look;
use crate::daemon::command::ClientMessage;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the daemon.
    Send(Box<ClientMessage>),
    /// Put this on the clipboard of the person's own terminal.
    Copy(String),
    /// Try to reach the daemon.
    Reconnect,
    /// Remember the look.
    SaveLook(Look),
    /// Remember the searches that led to something, oldest first.
    SaveSearches(Vec<String>),
    /// Draw everything anew.
    Repaint,
    /// Stop until continued.
    Suspend,
    /// End the screen.
    Leave(Exit),
    /// Panic, to prove that the terminal is given back.
    Panic,
}
