//! `peer-tui daemon`: share, serve and fetch without a screen.

use super::trouble::Trouble;
use crate::config::{Config, Layers};
use crate::daemon::run::{self, LogTarget};

/// Runs until it is stopped.
///
/// # Errors
/// When something cannot be opened; the sentence says what to do.
pub fn run(layers: &Layers, is_background: bool) -> Result<(), Trouble> {
    let config = Config::from_layers(layers)?;
    let target = if is_background {
        // A session of its own: a closed terminal ends the screen and not the sharing. It fails only
        // where this process leads a session already, which is as good.
        let _ = rustix::process::setsid();
        LogTarget::File
    } else {
        LogTarget::StandardError
    };
    keep_pages_small();
    super::runtime()?.block_on(run::run(config, target))?;
    Ok(())
}

/// Buffers here live shortly and on many threads: in pages of 2 MiB most of what they take is held
/// for nothing, more than half of the memory of a transfer.
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    // Where the kernel has no such pages there is nothing to switch off.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
