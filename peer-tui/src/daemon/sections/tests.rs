//! Tests of the sections over plain inputs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::FileInfo;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;

use super::results::Knowledge;
use super::shares::Shelf;
use super::*;
use crate::daemon::command::{
    LogWatch, SharesWatch, TransferFilter as F, TransferSort as S, TransfersWatch,
};
use crate::daemon::state::{BrowseRow, LogRow, Own, TransferRow};
use crate::fetch::{DownloadId, DownloadState, DownloadStatus};
use crate::share::{FileStamp, FolderTotals, RootStatus, ShareNode, SharedFile};

const EVERYTHING: Window = Window {
    first: 0,
    count: 1000,
};

fn download(id: u64, name: &str, state: DownloadState) -> DownloadStatus {
    DownloadStatus {
        id: DownloadId(id),
        hash: ContentHash::of(name.as_bytes()),
        name: name.to_owned(),
        destination: PathBuf::from(name),
        size_bytes: 200,
        done_bytes: 50,
        rate_bytes: id,
        state,
        priority: 0,
        place: i64::try_from(id).unwrap(),
        limit_bytes: None,
        added_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        sources: (1, 1),
    }
}

fn some_downloads() -> Vec<Arc<DownloadStatus>> {
    let reason = || "no source".to_owned();
    vec![
        download(1, "done", DownloadState::Done),
        download(2, "queued", DownloadState::Queued),
        download(3, "running", DownloadState::Downloading),
        download(4, "failed", DownloadState::Failed { reason: reason() }),
        download(5, "paused", DownloadState::Paused),
        download(
            6,
            "gone",
            DownloadState::Cancelled {
                until: Timestamp::UNIX_EPOCH,
            },
        ),
        download(7, "looking", DownloadState::Looking),
    ]
    .into_iter()
    .map(Arc::new)
    .collect()
}

fn names(rows: &[TransferRow]) -> Vec<&str> {
    rows.iter()
        .map(|row| match row {
            TransferRow::Down(download) => download.name.as_str(),
            TransferRow::Up { name, .. } => name,
        })
        .collect()
}

#[test]
fn transfers_are_filtered_sorted_and_cut() {
    let downloads = some_downloads();
    let check = |filter, sort, is_reversed, expected: &[&str]| {
        let watch = TransfersWatch {
            filter,
            sort,
            is_reversed,
            window: EVERYTHING,
            ..TransfersWatch::default()
        };
        let (_, rows, total) = transfers::rows(&downloads, &[], &watch);
        assert_eq!(names(&rows), expected);
        assert_eq!(total, expected.len());
    };
    let by_state = ["running", "looking", "paused", "queued", "failed", "done"];
    check(F::All, S::State, false, &by_state);
    check(F::Downloading, S::Name, true, &["running", "looking"]);
    check(F::Failed, S::State, false, &["failed"]);
    check(F::Done, S::State, false, &["done"]);
    check(
        F::All,
        S::Rate,
        false,
        &["looking", "paused", "failed", "running", "queued", "done"],
    );
    let mut queue: Vec<DownloadStatus> = [(1, 0, 9), (2, 0, 8), (3, 1, 10)]
        .map(|(id, priority, place)| DownloadStatus {
            priority,
            place,
            ..download(id, &format!("queued {id}"), DownloadState::Queued)
        })
        .into();
    queue.push(download(4, "running", DownloadState::Downloading));
    let queue: Vec<_> = queue.into_iter().map(Arc::new).collect();
    let watch = TransfersWatch {
        window: EVERYTHING,
        ..TransfersWatch::default()
    };
    let (_, rows, _) = transfers::rows(&queue, &[], &watch);
    let in_turn = ["running", "queued 3", "queued 2", "queued 1"];
    assert_eq!(names(&rows), in_turn, "as they will start");
    assert_eq!(transfers::counts(&downloads, &[]).all, 6);
    assert_eq!(
        names(&dock::dock(&downloads, &[], 3).rows),
        ["looking", "running", "failed"]
    );
}

#[test]
fn a_window_past_the_end_shows_the_end() {
    let window = Window {
        first: 90,
        count: 4,
    };
    assert_eq!(cut((0..10).collect(), window), (6, vec![6, 7, 8, 9]));
    assert_eq!(cut(Vec::<u8>::new(), window), (0, vec![]));
}

struct Nothing;
impl Knowledge for Nothing {
    fn is_shared(&self, hash: &ContentHash) -> bool {
        *hash == ContentHash::of(b"mine")
    }
    fn is_kept(&self, file: &Path) -> bool {
        !file.ends_with("deleted")
    }
    fn latency_ms(&self, _peer: &PeerId) -> Option<u32> {
        None
    }
    fn reputation(&self, _peer: &PeerId) -> Option<u8> {
        None
    }
}

pub(in crate::daemon) fn file(path: &str) -> FileInfo {
    let owner = PeerId::from_bytes([1; 32]);
    let hash = ContentHash::of(last_part(path).as_bytes());
    FileInfo {
        id: FileId::of(&owner, &hash),
        filename: last_part(path).to_owned(),
        path: path.to_owned(),
        size: 10,
        hash,
        pieces_root: None,
        category: Category::Other,
        tags: Vec::new(),
        owner,
        owner_name: "nas".to_owned(),
        peer_address: "127.0.0.1:1".to_owned(),
        upload_time: Timestamp::UNIX_EPOCH,
        downloads: 0,
        rating: 0.0,
        sources: 1,
    }
}

#[test]
fn results_say_what_this_peer_has_to_do_with_them() {
    let names = [
        "mine", "running", "gone", "done", "queued", "failed", "paused", "other",
    ];
    let files = names.map(file);
    let rows = results::rows(&files, &some_downloads(), &Nothing);
    let own: Vec<Own> = rows.iter().map(|row| row.own).collect();
    assert_eq!(
        own,
        [
            Own::Shared,
            Own::Downloading { percent: 25 },
            Own::None,
            Own::Done,
            Own::Queued,
            Own::Failed { percent: 25 },
            Own::Paused { percent: 25 },
            Own::None
        ]
    );
}

#[test]
fn a_finished_file_that_was_deleted_is_not_had() {
    let mut downloads = some_downloads();
    let all = downloads.iter_mut().map(std::sync::Arc::make_mut);
    for download in all {
        download.destination = "/srv/incoming/deleted".into();
    }
    let rows = results::rows(&[file("done")], &downloads, &Nothing);
    assert_eq!(rows[0].own, Own::None);
}

#[test]
fn a_peers_files_are_folded_into_folders() {
    let files = ["b/x/1", "b/2", "b/x/3", "a", "bb/4", "b/y"].map(file);
    let list = |folder: &str| -> Vec<String> {
        let (_, rows, total) = browse::rows(&files, folder, EVERYTHING, &[], &Nothing);
        assert_eq!(rows.len(), total);
        rows.into_iter()
            .map(|row| match row {
                BrowseRow::Folder {
                    path,
                    files,
                    size_bytes,
                    ..
                } => format!("{path}/ {files} {size_bytes}"),
                BrowseRow::File(row) => row.path,
            })
            .collect()
    };
    assert_eq!(list(""), ["b/ 4 40", "bb/ 1 10", "a"]);
    assert_eq!(list("b"), ["b/x/ 2 20", "b/2", "b/y"]);
    assert_eq!(list("b/x"), ["b/x/1", "b/x/3"]);
    assert!(list("nowhere").is_empty());
}

struct Plain {
    roots: Vec<RootStatus>,
    files: Vec<Arc<SharedFile>>,
}

impl Plain {
    fn below(&self, root: &Path, folder: &str) -> Vec<(String, Arc<SharedFile>)> {
        let inside = self.files.iter().filter(|file| file.root == root);
        inside
            .filter_map(|file| {
                let rest = browse::below(file.path.as_str(), folder)?;
                Some((rest.to_owned(), Arc::clone(file)))
            })
            .collect()
    }
}

impl Shelf for Plain {
    fn roots(&self) -> &[RootStatus] {
        &self.roots
    }
    fn totals(&self, root: &Path) -> FolderTotals {
        let files = self.below(root, "").len() as u64;
        FolderTotals {
            files,
            bytes: 5 * files,
        }
    }
    fn list(&self, root: &Path, folder: &str) -> Vec<ShareNode> {
        let inside = self.below(root, folder);
        let names: BTreeSet<&str> = inside
            .iter()
            .filter_map(|(rest, _)| Some(rest.split_once('/')?.0))
            .collect();
        let folders = names.into_iter().map(|name| {
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            let files = self.below(root, &path).len() as u64;
            ShareNode::Folder {
                name: name.to_owned(),
                path,
                files,
                bytes: 0,
            }
        });
        let files = inside.iter().filter(|(rest, _)| !rest.contains('/'));
        folders
            .chain(files.map(|(_, file)| ShareNode::File(Arc::clone(file))))
            .collect()
    }
    fn each(&self, look: &mut dyn FnMut(&SharedFile)) {
        self.files.iter().for_each(|file| look(file));
    }
}

fn shared(path: &str) -> Arc<SharedFile> {
    let hash = ContentHash::of(path.as_bytes());
    Arc::new(SharedFile {
        id: FileId::of(&PeerId::from_bytes([1; 32]), &hash),
        path: SharePath::new(path).unwrap(),
        root: PathBuf::from("/s"),
        relative: PathBuf::from(path),
        stamp: FileStamp {
            size_bytes: 5,
            modified_ns: 0,
            changed_ns: 0,
            inode: 0,
        },
        hash,
        pieces_root: PiecesRoot::from_bytes([0; 32]),
        category: Category::Other,
        tags: Vec::new(),
    })
}

#[test]
fn the_shares_tree_opens_where_it_is_told() {
    let root = |path: &str, trouble: Option<&str>| RootStatus {
        root: PathBuf::from(path),
        trouble: trouble.map(str::to_owned),
        is_downloads: false,
    };
    let shelf = Plain {
        roots: vec![root("/s", None), root("/usb", Some("not there"))],
        files: ["3", "a/1", "a/b/2"].map(shared).to_vec(),
    };
    let list = |open: &[&str], text: &str, window: Window| -> Vec<String> {
        let watch = SharesWatch {
            open: open.iter().map(|key| (*key).to_owned()).collect(),
            text: text.to_owned(),
            window,
        };
        let (_, rows, _) = shares::rows(&shelf, &watch);
        rows.iter()
            .map(|row| format!("{} {} {}", row.key, row.depth, row.files))
            .collect()
    };
    assert_eq!(list(&[], "", EVERYTHING), ["/s 0 3", "/usb 0 0"]);
    let all = [
        "/s 0 3",
        "/s/a 1 2",
        "/s/a/b 2 1",
        "/s/a/1 2 1",
        "/s/3 1 1",
        "/usb 0 0",
    ];
    assert_eq!(list(&["/s", "/s/a"], "", EVERYTHING), all);
    let middle = Window { first: 2, count: 2 };
    assert_eq!(list(&["/s", "/s/a"], "", middle), all[2..4]);
    let past = Window {
        first: 20,
        count: 2,
    };
    assert_eq!(list(&["/s", "/s/a"], "", past), all[4..]);
    assert_eq!(list(&[], "B/2", EVERYTHING), ["/s/a/b/2 0 1"]);
}

#[test]
fn the_log_follows_its_end_and_keeps_its_level() {
    let lines: Vec<LogRow> = (0..10_u64)
        .map(|number| LogRow {
            number,
            at: Timestamp::UNIX_EPOCH,
            level: if number % 3 == 0 { "warn" } else { "info" }.to_owned(),
            text: format!("line {number}"),
        })
        .collect();
    let watch = LogWatch {
        level: Some("warn".to_owned()),
        window: Window { first: 0, count: 2 },
        is_following: true,
        ..LogWatch::default()
    };
    let shown = log::log(lines.iter(), &watch);
    let numbers: Vec<u64> = shown.rows.iter().map(|row| row.number).collect();
    assert_eq!((numbers, shown.first, shown.total), (vec![6, 9], 2, 4));
}

#[test]
fn nothing_is_missing_of_an_empty_file() {
    use super::results::percent;
    let all = [percent(0, 0), percent(0, 3), percent(2, 3), percent(3, 3)];
    assert_eq!(all, [100, 0, 66, 100]);
}
