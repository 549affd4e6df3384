//! All that can happen to the screen.

use super::input::Key;
use crate::daemon::state::ServerMessage;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size now: columns, rows.
    Resized(u16, u16),
    /// The daemon said something.
    Server(Box<ServerMessage>),
    /// The way to the daemon broke.
    LinkLost,
    /// It is there again.
    LinkUp,
    /// It could not be had: why.
    LinkFailed(String),
    /// A deadline of the model has come.
    Tick,
}
