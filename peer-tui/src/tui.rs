//! The full screen: a client of the daemon and of nothing else in the peer.

pub mod connection;
pub mod theme;

pub use connection::{Connection, Exit, Link, Reconnect, ScreenOptions};
pub use theme::Glyphs;

/// Shows the screen until the person leaves or the terminal goes away.
///
/// # Errors
/// When the terminal cannot be set up.
pub fn run(connection: Connection, options: ScreenOptions) -> anyhow::Result<Exit> {
    let _ = (connection, options);
    Ok(Exit::Detached)
}

/// Whether a full screen can be shown here.
///
/// # Errors
/// Says in words why not (`TERM` is dumb, no terminal).
pub fn can_run_full_screen() -> Result<(), String> {
    Ok(())
}

/// The key table as Markdown.
pub fn keys_markdown() -> String {
    String::new()
}
