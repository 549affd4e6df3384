//! Gives the terminal back from anywhere, the handler of a fatal signal included.
//!
//! The only module of the screen with unsafe code. What a signal handler runs here is
//! async-signal-safe: loads of atomics and of a set `OnceLock`, `write(2)`, `ioctl(2)`, and raising
//! the signal again. No allocation, no lock, no formatting.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::stdio;
use rustix::termios::{self, OptionalActions, Termios};
use signal_hook::consts::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

struct Saved {
    termios: Termios,
    leave: &'static [u8],
}

static SAVED: OnceLock<Saved> = OnceLock::new();
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// Remembers how the terminal was, once for the life of the process, and catches the signals that
/// end it without asking.
pub(super) fn arm(termios: &Termios, leave: &'static [u8]) {
    let mut is_first = false;
    SAVED.get_or_init(|| {
        is_first = true;
        Saved {
            termios: termios.clone(),
            leave,
        }
    });
    if !is_first {
        return;
    }
    for signal in [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE] {
        let handler = move || {
            restore();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        };
        #[expect(
            unsafe_code,
            reason = "the handler is async-signal-safe, see the head of this module"
        )]
        // SAFETY: as the reason says; and it ends the process, so no broken state is used after.
        let registered =
            unsafe { signal_hook_registry::register_signal_unchecked(signal, handler) };
        // Without it a crash leaves the terminal raw, as in programs without a handler.
        let _ = registered;
    }
}

/// The terminal is taken from now on.
pub(super) fn set_entered() {
    IS_ENTERED.store(true, Ordering::SeqCst);
}

/// Whether the terminal is taken.
pub(super) fn is_entered() -> bool {
    IS_ENTERED.load(Ordering::SeqCst)
}

/// Gives the terminal back if it is taken; safe to call from anywhere, any number of times.
pub(super) fn restore() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let Some(saved) = SAVED.get() else { return };
    let mut rest = saved.leave;
    while !rest.is_empty() {
        match rustix::io::write(stdio::stdout(), rest) {
            Ok(count) if count > 0 => rest = &rest[count..],
            Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
    let _ = termios::tcsetattr(stdio::stdin(), OptionalActions::Now, &saved.termios);
}
