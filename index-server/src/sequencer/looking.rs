//! A look through the whole journal beside the traffic, after a start that did not need all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::journal::Journal;

/// So much is read at once, which is some 2 ms of work.
const STEP_BYTES: u64 = 1024 * 1024;
/// The pause after it: at most a fifth of a core is taken, and a million files are looked through in
/// some 10 s.
const PAUSE: Duration = Duration::from_millis(10);

/// A look that goes on, has ended or was never begun. It is given up when this is dropped.
#[derive(Default)]
pub(super) struct Looking {
    told: Arc<Told>,
    task: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    is_given_up: AtomicBool,
    has_found: AtomicBool,
    found: Notify,
}

impl Looking {
    /// Begins to look.
    pub(super) fn begin(journal: Arc<dyn Journal>) -> Self {
        let told = Arc::<Told>::default();
        let teller = Arc::clone(&told);
        Self {
            told,
            task: Some(tokio::task::spawn_blocking(move || {
                look(&*journal, &teller);
            })),
        }
    }

    /// Whether it goes on.
    pub(super) fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Whether damage was found that nobody took note of; then they have.
    pub(super) fn take_found(&self) -> bool {
        self.told.has_found.swap(false, Ordering::AcqRel)
    }

    /// Ends once damage is found.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) fn found(&self) -> impl Future<Output = ()> + use<> {
        let told = Arc::clone(&self.told);
        async move { told.found.notified().await }
    }

    /// Gives it up, and waits until it has let go of the journal.
    pub(super) async fn end(&mut self) {
        self.told.is_given_up.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            // It panics over nothing that is worth more words than it has said.
            let _ = task.await;
        }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.told.is_given_up.store(true, Ordering::Release);
    }
}

fn look(journal: &dyn Journal, told: &Told) {
    let mut step = 0;
    let looked = journal.look_through(&mut |bytes| {
        step += bytes;
        if step >= STEP_BYTES {
            step = 0;
            thread::sleep(PAUSE);
        }
        !told.is_given_up.load(Ordering::Acquire)
    });
    match looked {
        Ok(()) => tracing::debug!("the journal was looked through, all of it is whole"),
        Err(error) if error.is_damage() => {
            tracing::error!(
                found = error.fault(),
                "the journal is damaged on the disk; the index has everything from its shelf and \
                 writes the journal anew now"
            );
            told.has_found.store(true, Ordering::Release);
            told.found.notify_one();
        }
        Err(error) => tracing::warn!(%error, "the journal could not be looked through"),
    }
}
