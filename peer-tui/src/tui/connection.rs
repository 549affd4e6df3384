//! What the caller hands to the screen: the way to the daemon, and how it should look.
//!
//! Knows nothing of sockets: a pair of bounded queues, in process and over a unix socket alike.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::theme::Glyphs;
use crate::daemon::command::ClientMessage;
use crate::daemon::state::ServerMessage;

/// One conversation with a daemon. Greetings are behind it: the caller has sent hello and checked
/// the version. The daemon hangs up by dropping its ends.
#[derive(Debug)]
pub struct Link {
    /// Out. When it is full the screen keeps only its newest watch and all actions.
    pub to_daemon: mpsc::Sender<ClientMessage>,
    /// In. The screen reads it once a frame; a daemon that finds it full drops to the newest state.
    pub from_daemon: mpsc::Receiver<ServerMessage>,
}

/// Makes a new conversation after the last one broke, or says in words why it could not. Runs on a
/// thread of its own, so it may take its time; it is called again after a growing pause.
pub type Reconnect = Box<dyn FnMut() -> Result<Link, String> + Send>;

/// The way to the daemon.
pub struct Connection {
    /// The first conversation.
    pub link: Link,
    /// How to get another.
    pub reconnect: Reconnect,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

/// How the screen should look, and what it says first.
#[derive(Debug, Clone, Default)]
pub struct ScreenOptions {
    /// Glyph set; chosen from locale and `TERM` where absent.
    pub glyphs: Option<Glyphs>,
    /// No colours at all (`NO_COLOR`).
    pub is_mono: bool,
    /// Lines for the first frame: which index was found, how others join.
    pub notes: Vec<String>,
    /// `keys.toml`; need not be there.
    pub keys_file: Option<PathBuf>,
    /// Where theme and glyphs that were chosen on the screen are remembered.
    pub settings_file: Option<PathBuf>,
    /// Where searches that led to something are remembered, a line each.
    pub searches_file: Option<PathBuf>,
}

/// Why the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The person left, or the terminal went away; the daemon goes on.
    Detached,
    /// The person asked to stop the daemon, and it was told to.
    StopDaemon,
}
