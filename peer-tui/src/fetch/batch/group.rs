//! A group of files that have come: each checked against its hash in memory, written, and all of
//! them made safe together before any of them has its name.
//!
//! Blocking. Two waits for the disk a group instead of three a file.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use protocol::ids::PeerId;
use protocol::pieces::{FileHasher, FileHashes};

use super::super::run::{Ended, Outcome, Task};
use super::super::store::place::{Places, Target};
use super::super::store::{StoreError, check_free, part_path};
use super::{Arrived, alone, end, is_stopped};

/// A file with its bytes under a name for unfinished ones.
struct Written {
    task: Task,
    peer: Option<PeerId>,
    hashes: FileHashes,
    file: File,
}

/// Puts the group in its place.
pub(super) fn keep(folder: &Path, arrived: Vec<Arrived>) -> Vec<Ended> {
    let mut ended = Vec::with_capacity(arrived.len());
    let wanted = arrived.iter().filter_map(|one| one.bytes.as_ref());
    let room = make_room(folder, wanted.map(|bytes| bytes.len() as u64).sum());
    let disk = match room {
        Ok(disk) => disk,
        Err(error) => {
            let failed = |one: Arrived| fail(&one.task, &error);
            return arrived.into_iter().map(failed).collect();
        }
    };
    let mut written = Vec::with_capacity(arrived.len());
    for one in arrived {
        let (mut task, peer) = (one.task, one.from);
        if is_stopped(&mut task) {
            ended.push(end(&task, Outcome::Stopped, Vec::new()));
            continue;
        }
        let hashes = one.bytes.as_deref().and_then(|bytes| check(&task, bytes));
        let (Some(bytes), Some(hashes)) = (&one.bytes, hashes) else {
            ended.push(alone(&task));
            continue;
        };
        match write(folder, &task, bytes) {
            Ok(Some(file)) => written.push(Written {
                task,
                peer,
                hashes,
                file,
            }),
            Ok(None) => ended.push(alone(&task)),
            Err(error) => ended.push(fail(&task, &error)),
        }
    }
    if let Err(error) = make_safe(&disk, &written) {
        tracing::warn!(%error, "a group of files is fetched again, each by itself");
        for one in written {
            // What is under this name is worth nothing; a download of its own checks it again.
            let _ = std::fs::remove_file(part_path(folder, &one.task.hash));
            ended.push(alone(&one.task));
        }
        return ended;
    }
    ended.extend(name_all(folder, &disk, written));
    ended
}

fn make_room(folder: &Path, bytes: u64) -> Result<File, StoreError> {
    let fail = |operation, reason| StoreError::of(operation, folder, bytes, reason);
    std::fs::create_dir_all(folder).map_err(|reason| fail("make folder", reason))?;
    check_free(folder, bytes)?;
    // Opened before anything is written: the kernel tells this descriptor of every failed write.
    File::open(folder).map_err(|reason| fail("open folder", reason))
}

fn check(task: &Task, bytes: &[u8]) -> Option<FileHashes> {
    let mut hasher = FileHasher::new(task.size_bytes);
    hasher.update(bytes);
    hasher.finish().filter(|hashes| hashes.hash == task.hash)
}

/// `None`: something of it lies there already.
fn write(folder: &Path, task: &Task, bytes: &[u8]) -> Result<Option<File>, StoreError> {
    let path = part_path(folder, &task.hash);
    let fail = |operation, reason| StoreError::of(operation, &path, bytes.len() as u64, reason);
    let mut file = match File::create_new(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(reason) => return Err(fail("open", reason)),
    };
    match file.write_all(bytes) {
        Ok(()) => Ok(Some(file)),
        Err(reason) => {
            let _ = std::fs::remove_file(&path);
            Err(fail("write", reason))
        }
    }
}

fn make_safe(disk: &File, written: &[Written]) -> io::Result<()> {
    match written {
        [] => Ok(()),
        [one] => one.file.sync_all(),
        several => sync_disk(disk, || {
            several.iter().try_for_each(|one| one.file.sync_all())
        }),
    }
}

/// Everything of this disk; where the system cannot, what `each` does.
fn sync_disk(disk: &File, each: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        match rustix::fs::syncfs(disk) {
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => {}
            synced => return Ok(synced?),
        }
    }
    let _ = disk;
    each()
}

/// Gives the names, then makes the folders safe.
fn name_all(folder: &Path, disk: &File, written: Vec<Written>) -> Vec<Ended> {
    let mut places = Places::default();
    let mut named = Vec::with_capacity(written.len());
    for one in written {
        drop(one.file);
        let part = part_path(folder, &one.task.hash);
        named.push((
            places.give(&part, &one.task.target),
            one.task,
            one.peer,
            one.hashes,
        ));
    }
    let is_alone = named.len() < 2;
    // The names may lie on another disk than the unfinished files.
    let is_elsewhere = named
        .iter()
        .any(|(_, task, ..)| matches!(task.target, Target::At { .. }));
    let synced = if is_alone || is_elsewhere {
        places.sync()
    } else {
        sync_disk(disk, || places.sync())
    };
    let done = named.into_iter().map(|(placed, task, peer, hashes)| {
        let (size, target) = (task.size_bytes, task.target.path());
        let safe = placed.and_then(|destination| match &synced {
            Ok(()) => Ok(destination),
            Err(error) => {
                let reason = io::Error::new(error.kind(), error.to_string());
                Err(StoreError::of("make safe", &target, 0, reason))
            }
        });
        match safe {
            Ok(destination) => {
                let hashes = Box::new(hashes);
                let outcome = Outcome::Done {
                    destination,
                    hashes,
                };
                end(
                    &task,
                    outcome,
                    peer.map(|peer| (peer, size)).into_iter().collect(),
                )
            }
            Err(error) => fail(&task, &error),
        }
    });
    done.collect()
}

fn fail(task: &Task, error: &StoreError) -> Ended {
    let outcome = match error {
        // There may be room later.
        StoreError::Full { .. } => Outcome::DiskFull(error.to_string()),
        _ => Outcome::Failed(error.to_string()),
    };
    end(task, outcome, Vec::new())
}
