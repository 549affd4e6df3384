//! How the pieces of one run fare between those who fetch and those who keep.
//!
//! Knows no piece: counts stakes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::fetch::source::Fault;

/// Why a piece was not kept; `None`: whoever had it is gone.
pub type Failed = Option<Fault>;

#[derive(Debug, Default)]
struct State {
    open_count: usize,
    failed: Option<Failed>,
}

/// How the pieces of one run fare.
#[derive(Debug, Default)]
pub struct Fate {
    state: Mutex<State>,
    settled: Notify,
}

impl Fate {
    /// Why a piece was not kept, once one was not; told once.
    pub fn failed(&self) -> Option<Failed> {
        self.lock().failed.take()
    }

    /// Waits until nothing is open.
    ///
    /// # Errors
    /// Why a piece was not kept.
    pub async fn settled(&self) -> Result<(), Failed> {
        loop {
            {
                let mut state = self.lock();
                if state.open_count == 0 {
                    return state.failed.take().map_or(Ok(()), Err);
                }
            }
            // Told meanwhile: does not wait.
            self.settled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one step, so a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece that is open: whatever becomes of it, its run hears of it.
#[derive(Debug)]
pub struct Stake {
    fate: Arc<Fate>,
    /// Unless something else is said.
    failed: Option<Failed>,
}

impl Stake {
    /// One more.
    pub fn new(fate: &Arc<Fate>) -> Self {
        fate.lock().open_count += 1;
        Self {
            fate: Arc::clone(fate),
            failed: Some(None),
        }
    }

    /// It is not kept for this reason.
    pub fn fails(&mut self, fault: Fault) {
        self.failed = Some(Some(fault));
    }

    /// It is on disk.
    pub fn is_kept(mut self) {
        self.failed = None;
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        let mut state = self.fate.lock();
        state.open_count -= 1;
        if let Some(failed) = self.failed.take() {
            // The first one counts.
            state.failed.get_or_insert(failed);
        }
        if state.open_count == 0 {
            self.fate.settled.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_run_is_settled_when_every_piece_is_and_hears_the_first_fault() {
        let fate = Arc::new(Fate::default());
        assert!(fate.settled().await.is_ok(), "nothing is open");
        let (one, mut two, three) = (Stake::new(&fate), Stake::new(&fate), Stake::new(&fate));
        one.is_kept();
        two.fails(Fault::NotHeld);
        drop(two);
        let waits = timeout(Duration::from_secs(1), fate.settled()).await;
        assert!(waits.is_err(), "one is open");
        let (settled, ()) = tokio::join!(fate.settled(), async { drop(three) });
        assert!(matches!(settled, Err(Some(Fault::NotHeld))), "{settled:?}");
        drop(Stake::new(&fate));
        assert!(matches!(fate.failed(), Some(None)), "it was lost");
        assert!(fate.settled().await.is_ok(), "told once");
    }
}
