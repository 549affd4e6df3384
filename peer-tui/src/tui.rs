//! The full screen: a client of the daemon and of nothing else in the peer.

pub mod backend;
pub mod clipboard;
pub mod connection;
pub mod effect;
pub mod format;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod link;
pub mod message;
pub mod model;
pub mod palette;
pub mod redraw;
pub mod screens;
pub mod settings;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod widgets;
pub mod words;

#[cfg(test)]
mod kit;

pub use connection::{Connection, Exit, Link, Reconnect, ScreenOptions};
pub use keymap::{key_rows, keys_markdown};
pub use terminal::can_run_full_screen;
pub use theme::Glyphs;

/// Shows the screen until the person leaves or the terminal goes away. It has a thread of its own,
/// so the caller may be inside a runtime; this call blocks.
///
/// # Errors
/// When the terminal cannot be set up.
pub fn run(connection: Connection, options: ScreenOptions) -> anyhow::Result<Exit> {
    let screen = std::thread::Builder::new()
        .name(terminal::SCREEN_THREAD.to_owned())
        .spawn(move || redraw::run(connection, options))?;
    match screen.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
