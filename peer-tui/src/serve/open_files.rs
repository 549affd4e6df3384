//! Files that are open already: a downloader asks for one range after the other, and looking at a
//! name costs less than opening it.
//!
//! A kept file counts only while its name still leads to it and, for a shared one, while it is what
//! was hashed. Kept are a few, for seconds, and of local disks alone: elsewhere looking may wait.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use tokio::task::spawn_blocking;

use super::labels::Labels;
use super::medium::Medium;
use crate::share::SharedFile;
use crate::share::open::{open_below, stamp_of};

/// Descriptors that are held; the one that was used longest ago goes for a further one.
const KEPT_MAX_COUNT: usize = 64;
/// Longer than a downloader takes between two ranges; short enough that a disk can be taken away.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// How often it is looked what can be closed.
const TEND_EVERY: Duration = Duration::from_secs(2);

/// A file that is open for reading; cheap to clone.
#[derive(Debug, Clone)]
pub struct OpenContent {
    /// The descriptor.
    pub file: Arc<File>,
    /// What it lies on.
    pub medium: Medium,
    /// What it is, as headers tell.
    pub labels: Labels,
}

#[derive(Debug)]
struct Kept {
    content: OpenContent,
    path: PathBuf,
    /// Device and inode.
    id: (u64, u64),
    used_at: Instant,
}

#[derive(Debug, Default)]
struct Held {
    kept: HashMap<ContentHash, Kept>,
    is_tended: bool,
}

/// The open files; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OpenFiles(Arc<Mutex<Held>>);

impl OpenFiles {
    /// A shared file that is still what was hashed.
    ///
    /// # Errors
    /// When it cannot be opened below its folder, or is something else by now.
    pub async fn shared(&self, shared: &Arc<SharedFile>) -> io::Result<OpenContent> {
        let changed = || io::Error::other("the file is no longer what was hashed");
        let path = shared.root.join(&shared.relative);
        if let Some((content, metadata)) = self.kept(&shared.hash, &path)
            && stamp_of(&metadata) == shared.stamp
        {
            return Ok(content);
        }
        let wanted = Arc::clone(shared);
        let opening = spawn_blocking(move || {
            let open = open_below(&wanted.root, &wanted.relative)?;
            if open.stamp != wanted.stamp {
                return Err(changed());
            }
            Ok(open.file)
        });
        let file = opening.await.map_err(io::Error::other)??;
        let labels = Labels::of(&shared.hash, shared.path.file_name());
        self.keep(shared.hash, path, file, labels.map_err(io::Error::other)?)
    }

    /// The file of an unfinished download.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn partial(&self, hash: ContentHash, path: PathBuf) -> io::Result<OpenContent> {
        if let Some((content, _)) = self.kept(&hash, &path) {
            return Ok(content);
        }
        let name = path.clone();
        let opening = spawn_blocking(move || File::open(name));
        let file = opening.await.map_err(io::Error::other)??;
        let labels = Labels::of(&hash, &hash.to_string());
        self.keep(hash, path, file, labels.map_err(io::Error::other)?)
    }

    /// The open file of a content, if its name still leads there, with what that name tells.
    fn kept(&self, hash: &ContentHash, path: &Path) -> Option<(OpenContent, std::fs::Metadata)> {
        let mut all = self.lock();
        let kept = all.kept.get_mut(hash).filter(|kept| kept.path == path)?;
        let found = std::fs::symlink_metadata(path).ok();
        if let Some(metadata) = found
            && metadata.is_file()
            && (metadata.dev(), metadata.ino()) == kept.id
        {
            kept.used_at = Instant::now();
            return Some((kept.content.clone(), metadata));
        }
        all.kept.remove(hash);
        None
    }

    fn keep(
        &self,
        hash: ContentHash,
        path: PathBuf,
        file: File,
        labels: Labels,
    ) -> io::Result<OpenContent> {
        let metadata = file.metadata()?;
        let content = OpenContent {
            medium: Medium::of(&file),
            file: Arc::new(file),
            labels,
        };
        if content.medium == Medium::Far {
            return Ok(content);
        }
        let kept = Kept {
            content: content.clone(),
            path,
            id: (metadata.dev(), metadata.ino()),
            used_at: Instant::now(),
        };
        let mut all = self.lock();
        let mut out = all.kept.insert(hash, kept);
        if all.kept.len() > KEPT_MAX_COUNT {
            let longest = all.kept.iter().min_by_key(|(_, kept)| kept.used_at);
            let longest = longest.map(|(hash, _)| *hash);
            out = longest.and_then(|hash| all.kept.remove(&hash));
        }
        let is_mine = !std::mem::replace(&mut all.is_tended, true);
        drop(all);
        drop(out);
        if is_mine {
            tokio::spawn(self.clone().tend());
        }
        Ok(content)
    }

    /// Closes what nobody uses any more, until nothing is open.
    async fn tend(self) {
        loop {
            tokio::time::sleep(TEND_EVERY).await;
            let (idle, is_over) = self.take_idle();
            // The last one to close a file that was removed waits until its blocks are free.
            let _ = spawn_blocking(move || drop(idle)).await;
            if is_over {
                return;
            }
        }
    }

    /// What nobody has used for a while, and whether nothing is left.
    fn take_idle(&self) -> (Vec<(ContentHash, Kept)>, bool) {
        let mut all = self.lock();
        let is_idle = |_: &ContentHash, kept: &mut Kept| kept.used_at.elapsed() >= KEPT_FOR;
        let idle = all.kept.extract_if(is_idle).collect();
        let is_over = all.kept.is_empty();
        all.is_tended = !is_over;
        (idle, is_over)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A table is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    fn read(content: &OpenContent) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        let count = content.file.read_at(&mut bytes, 0).unwrap();
        bytes.truncate(count);
        bytes
    }

    #[tokio::test]
    async fn a_kept_file_counts_only_while_its_name_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = OpenFiles::default();
        let hash = ContentHash::of(b"x");
        let path = folder.path().join("x.part");
        std::fs::write(&path, "first").unwrap();
        let first = files.partial(hash, path.clone()).await.unwrap();
        let again = files.partial(hash, path.clone()).await.unwrap();
        assert!(Arc::ptr_eq(&first.file, &again.file), "it was kept");
        let beside = folder.path().join("beside");
        std::fs::write(&beside, "second").unwrap();
        std::fs::rename(&beside, &path).unwrap();
        let second = files.partial(hash, path.clone()).await.unwrap();
        assert_eq!(
            (read(&first), read(&second)),
            (b"first".to_vec(), b"second".to_vec())
        );
        std::fs::rename(&path, &beside).unwrap();
        std::os::unix::fs::symlink(&beside, &path).unwrap();
        assert!(
            files.kept(&hash, &path).is_none(),
            "a link is another thing"
        );
        std::fs::remove_file(&path).unwrap();
        assert!(files.partial(hash, path).await.is_err());
    }

    #[tokio::test]
    async fn few_are_held_and_none_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let files = OpenFiles::default();
        for number in 0..KEPT_MAX_COUNT + 9 {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, "x").unwrap();
            let hash = ContentHash::of(&number.to_be_bytes());
            files.partial(hash, path).await.unwrap();
        }
        assert_eq!(files.lock().kept.len(), KEPT_MAX_COUNT);
        for kept in files.lock().kept.values_mut() {
            kept.used_at -= KEPT_FOR;
        }
        let (idle, is_over) = files.take_idle();
        assert_eq!((idle.len(), is_over), (KEPT_MAX_COUNT, true));
        assert!(files.lock().kept.is_empty());
    }
}
