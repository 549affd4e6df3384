//! Small files whose content lies on this disk already: read, and from then on like any other that
//! has come.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::super::DownloadState;
use super::super::run::Task;
use super::super::source::blocking;
use super::{Arrived, show};

/// Reads all of them; one that cannot be read, or whose place is taken, goes on alone.
pub(super) async fn read(
    here: Vec<(Task, PathBuf)>,
    room: Arc<Semaphore>,
    arrived: mpsc::Sender<Arrived>,
) {
    for (task, path) in here {
        let size = u32::try_from(task.size_bytes).unwrap_or(u32::MAX);
        let share = Arc::clone(&room).acquire_many_owned(size).await.ok();
        show(&task, DownloadState::Finishing, 0);
        let (place, size_bytes) = (task.target.path(), task.size_bytes);
        let bytes = blocking(move || {
            let is_taken = std::fs::symlink_metadata(&place).is_ok();
            read_whole(&path, size_bytes).filter(|_| !is_taken)
        })
        .await;
        let one = Arrived {
            task,
            from: None,
            bytes,
            _room: share,
        };
        // The batch outlives this unless the program ends.
        let _ = arrived.send(one).await;
    }
}

fn read_whole(path: &Path, size_bytes: u64) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() != size_bytes {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(size_bytes).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
