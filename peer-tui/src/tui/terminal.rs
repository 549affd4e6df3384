//! The terminal: taken over for the screen, given back as it was, whatever happens.
//!
//! Knows termios and escape sequences; knows nothing of what is drawn.

mod crash;

use std::io::{self, IsTerminal, Write};
use std::sync::{Once, OnceLock};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use ratatui::layout::Size;
use rustix::stdio;
use rustix::termios::{self, OptionalActions, SpecialCodeIndex, Termios};

/// What the terminal is told before it is given back: ready before it is needed, since a signal
/// handler may make nothing.
static LEAVE: OnceLock<Vec<u8>> = OnceLock::new();

/// Name of the thread that draws.
pub const SCREEN_THREAD: &str = "screen";

/// Whether a full screen can be shown here.
///
/// # Errors
/// Says in words why not.
pub fn can_run_full_screen() -> Result<(), String> {
    let term = std::env::var("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" {
        return Err(format!("TERM={term} cannot place text"));
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("standard input and output are no terminal".to_owned());
    }
    Ok(())
}

/// A terminal in raw mode on its alternate screen; gives it back when dropped.
#[derive(Debug)]
pub struct RawTerminal {
    saved: Termios,
    is_console: bool,
    is_entered: bool,
}

impl RawTerminal {
    /// Takes the terminal of standard input and output over.
    ///
    /// # Errors
    /// When it cannot be set.
    pub fn enter() -> io::Result<Self> {
        let saved = termios::tcgetattr(stdio::stdin())?;
        let is_console = std::env::var("TERM").is_ok_and(|term| term.starts_with("linux"));
        let mut terminal = Self {
            saved,
            is_console,
            is_entered: false,
        };
        crash::arm(
            &terminal.saved,
            LEAVE.get_or_init(|| leave_sequences(is_console)),
        );
        restore_on_panic();
        terminal.take_over()?;
        Ok(terminal)
    }

    /// Sets raw mode; the sequences of [`Self::enter_bytes`] go out with the next frame.
    ///
    /// # Errors
    /// When it cannot be set.
    pub fn take_over(&mut self) -> io::Result<()> {
        let mut raw = self.saved.clone();
        raw.make_raw();
        // Reads never wait: readiness is asked for elsewhere.
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(stdio::stdin(), OptionalActions::Now, &raw)?;
        self.is_entered = true;
        crash::set_entered();
        Ok(())
    }

    /// Whether the terminal is ours.
    pub const fn is_entered(&self) -> bool {
        self.is_entered
    }

    /// What the terminal must be told before the first frame.
    pub fn enter_bytes(&self) -> Vec<u8> {
        enter_sequences(self.is_console)
    }

    /// Gives the terminal back; [`Self::take_over`] takes it again.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.is_entered) {
            crash::restore();
        }
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Alternate screen, no wrapping at the edge, bracketed paste; keys that cannot be mistaken (kitty
/// protocol), pushed without asking: terminals that do not know it ignore it, and asking costs up
/// to two seconds where nobody answers. The Linux console would print it.
fn enter_sequences(is_console: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes everything.
    let _ = queue!(
        bytes,
        EnterAlternateScreen,
        DisableLineWrap,
        EnableBracketedPaste
    );
    if !is_console {
        let keys = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
        let _ = queue!(bytes, PushKeyboardEnhancementFlags(keys));
    }
    bytes
}

/// Undoes everything, in an order that leaves the main screen's cursor where it was: end of
/// synchronized output, kitty keys, paste, wrapping, colours, cursor, screen.
fn leave_sequences(is_console: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes everything.
    if !is_console {
        let _ = queue!(bytes, EndSynchronizedUpdate, PopKeyboardEnhancementFlags);
    }
    let _ = queue!(
        bytes,
        DisableBracketedPaste,
        EnableLineWrap,
        ResetColor,
        Show,
        LeaveAlternateScreen
    );
    bytes
}

/// The message of a panic must land on the person's own screen, not on one that is about to go;
/// one of another thread must not be printed over a screen that lives on.
fn restore_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_screen = std::thread::current().name() == Some(SCREEN_THREAD);
            if is_screen || !crash::is_entered() {
                crash::restore();
                earlier(info);
            } else {
                tracing::error!("{info}");
            }
        }));
    });
}

/// Columns and rows of the terminal, 80x24 where it does not say.
pub fn size() -> Size {
    match termios::tcgetwinsize(stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
        _ => Size::new(80, 24),
    }
}

/// Standard output without the library's buffer and lock: one `write(2)` a frame.
#[derive(Debug)]
pub struct TerminalWriter;

impl Write for TerminalWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(stdio::stdout(), bytes) {
            // Somebody shares the terminal and set it to not wait: give it time to drain.
            Err(rustix::io::Errno::AGAIN) => {
                std::thread::sleep(std::time::Duration::from_millis(1));
                Err(io::ErrorKind::Interrupted.into())
            }
            other => Ok(other?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stops this process as Ctrl-Z does elsewhere.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop() -> io::Result<()> {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
    Ok(())
}
