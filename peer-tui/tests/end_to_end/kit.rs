//! Starts index and peers in folders of their own at ports of their own, asks them, kills them.

pub mod index;
pub mod peer;
pub mod tree;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use index::Index;
pub use peer::Peer;

/// A loaded two-core machine takes a few seconds for what an idle one does at once.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is an answer; fails the test in words when there is none in time.
#[track_caller]
pub fn wait_for<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            Instant::now() < until,
            "{what}: not within {} s",
            patience.as_secs()
        );
        // house: allow sleep, other processes have no signal to wait for
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program of this workspace, built beside this test.
pub fn program(name: &str) -> PathBuf {
    let peer = Path::new(env!("CARGO_BIN_EXE_peer-tui"));
    let path = peer.with_file_name(name);
    assert!(
        path.is_file(),
        "{} is not there: run cargo test --workspace",
        path.display()
    );
    path
}

/// A network: an index and a folder for everybody.
pub struct Network {
    pub folder: tempfile::TempDir,
    pub index: Index,
}

impl Network {
    /// An index that listens on loopback at a port of its own.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let index = Index::start(folder.path(), 0);
        Self { folder, index }
    }

    /// A peer of this network.
    pub fn peer(&self, name: &str) -> Peer {
        Peer::new(&self.folder.path().join(name), name, &self.index.url)
    }
}
