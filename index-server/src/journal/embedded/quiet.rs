//! Panics of the store become errors, and nothing but the error is said about them.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Yields what `work` yields, or what it said when it panicked; its panic is not reported.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    stay_quiet_when_asked();
    let was_quiet = IS_QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(was_quiet);
    outcome.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        said.unwrap_or("nothing was said").to_owned()
    })
}

/// Whoever reports panics goes on to do so, but for those of a thread that is to be quiet.
fn stay_quiet_when_asked() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                report(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_what_it_said_and_others_are_reported_as_before() {
        assert_eq!(quietly(|| 1), Ok(1));
        let said = quietly(|| panic!("page {} is odd", 7));
        assert_eq!(said, Err::<(), _>("page 7 is odd".to_owned()));
        assert!(!IS_QUIET.get());
        let within = quietly(|| {
            let _ = quietly(|| panic!("within"));
            IS_QUIET.get()
        });
        assert_eq!(within, Ok(true));
    }
}
