//! The memory of a running engine: changed off the runtime, since a change is on disk when it is
//! done.

use std::sync::{Arc, Mutex, PoisonError};

use crate::daemon::memory::{Memory, Remembered};

/// A handle to the memory.
#[derive(Debug, Clone)]
pub struct Recall(Arc<Mutex<Memory>>);

impl Recall {
    pub fn new(memory: Memory) -> Self {
        Self(Arc::new(Mutex::new(memory)))
    }

    /// What `read` makes of what is remembered.
    pub fn read<T>(&self, read: impl FnOnce(&Remembered) -> T) -> T {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read(memory.get())
    }

    /// Remembers a change. That it cannot be written is said in the log: what was asked for is in
    /// force all the same.
    pub async fn change(&self, change: impl FnOnce(&mut Remembered) + Send + 'static) {
        let memory = Arc::clone(&self.0);
        let changed = tokio::task::spawn_blocking(move || {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.change(change)
        })
        .await;
        if let Ok(Err(error)) = changed {
            tracing::warn!("this will be forgotten at the next start: {error}");
        }
    }
}
