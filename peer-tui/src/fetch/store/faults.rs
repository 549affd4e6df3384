//! Disks that fail, for tests: what is done in place of making a file safe.
//!
//! By the path of the file, so that tests beside each other do not meet.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

type Loss = Box<dyn FnOnce(&Path) + Send>;

static FAILING: Mutex<Option<HashMap<PathBuf, Loss>>> = Mutex::new(None);

/// The next time that `path` is to be made safe fails, after `loss` has done to it what the disk
/// did.
pub fn fail_next_sync(path: PathBuf, loss: impl FnOnce(&Path) + Send + 'static) {
    let mut failing = FAILING.lock().unwrap_or_else(PoisonError::into_inner);
    failing.get_or_insert_default().insert(path, Box::new(loss));
}

/// Whether such a failure is still to come.
pub fn is_to_come(path: &Path) -> bool {
    let failing = FAILING.lock().unwrap_or_else(PoisonError::into_inner);
    failing.as_ref().is_some_and(|all| all.contains_key(path))
}

pub(super) fn before_sync(path: &Path) -> io::Result<()> {
    let mut failing = FAILING.lock().unwrap_or_else(PoisonError::into_inner);
    let loss = failing.as_mut().and_then(|all| all.remove(path));
    drop(failing);
    match loss {
        None => Ok(()),
        Some(loss) => {
            loss(path);
            Err(io::Error::other("the disk of the test failed"))
        }
    }
}
