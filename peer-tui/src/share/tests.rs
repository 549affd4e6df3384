//! A share on real folders: what is found, followed, remembered and refused.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use super::*;

struct Kit {
    folder: tempfile::TempDir,
}

impl Kit {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["share", "data", "downloads"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that nobody has touched for a minute.
    fn write_old(&self, name: &str, bytes: &[u8]) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        make_old(&path);
    }

    async fn start(&self) -> Share {
        let config = ShareConfig {
            owner: PeerId::from_bytes([7; 32]),
            roots: vec![self.at("share")],
            downloads: Some(self.at("downloads")),
            data: self.at("data"),
            rescan_every: Duration::from_secs(30),
            max_file_size: Some(1_000_000),
        };
        Share::start(config).await.unwrap()
    }
}

fn make_old(path: &Path) {
    let minute_ago = std::time::SystemTime::now() - Duration::from_mins(1);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(minute_ago).unwrap();
}

fn paths(share: &Share) -> Vec<String> {
    let view = share.view();
    view.files().map(|file| file.path.to_string()).collect()
}

/// Waits until the published paths are these and nothing waits any more.
async fn wait_for(share: &Share, expected: &[&str]) {
    wait_until(share, |view| {
        let paths: Vec<_> = view.files().map(|file| file.path.to_string()).collect();
        paths == expected && view.progress().is_settled && view.progress().pending_files == 0
    })
    .await;
}

async fn wait_until(share: &Share, is_met: impl Fn(&ShareView) -> bool) {
    let mut revision = share.watch();
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_met(&share.view()) {
            revision.changed().await.unwrap();
        }
    });
    let is_in_time = waited.await.is_ok();
    assert!(is_in_time, "shared: {:?}, {:?}", paths(share), share.view());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nasty_tree_is_shared_as_far_as_it_can_be() {
    let kit = Kit::new();
    kit.write_old("share/a/b/deep.txt", b"deep");
    kit.write_old("share/empty", b"");
    kit.write_old("share/n\u{e4}me \u{1f600}.txt", b"unicode");
    kit.write_old("share/.hidden/file", b"no");
    kit.write_old("share/.dot", b"no");
    kit.write_old("share/large", &vec![1; 1_000_001]);
    kit.write_old("outside/secret", b"secret");
    kit.write_old("downloads/got.iso", b"got");
    kit.write_old("downloads/half.iso.part", b"half");
    let odd = kit.at("share").join(OsStr::from_bytes(b"odd\xff\xfe"));
    fs::write(&odd, "odd").unwrap();
    make_old(&odd);
    symlink(kit.at("outside"), kit.at("share/link")).unwrap();
    symlink(kit.at("outside/secret"), kit.at("share/secret")).unwrap();
    symlink(kit.at("share"), kit.at("share/a/loop")).unwrap();
    let mode = rustix::fs::Mode::RUSR;
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, kit.at("share/pipe"), fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(kit.at("share/socket")).unwrap();
    let share = kit.start().await;
    let expected = [
        "a/b/deep.txt",
        "empty",
        "got.iso",
        "n\u{e4}me \u{1f600}.txt",
        "odd\u{fffd}\u{fffd}",
    ];
    wait_for(&share, &expected).await;
    let view = share.view();
    let deep = view.by_name("deep.txt").unwrap();
    assert_eq!(deep.hash, ContentHash::of(b"deep"));
    assert_eq!(view.by_hash(&deep.hash), Some(Arc::clone(&deep)));
    assert_eq!(view.by_id(&deep.id), Some(Arc::clone(&deep)));
    let odd_file = view.by_hash(&ContentHash::of(b"odd")).unwrap();
    assert_eq!(odd_file.root.join(&odd_file.relative), odd);
    let troubles: Vec<_> = view
        .troubles()
        .iter()
        .map(|trouble| &trouble.path)
        .collect();
    assert_eq!(troubles, [&kit.at("share/large").display().to_string()]);
    assert_eq!(share.pieces(&deep).await.unwrap().len(), 1);
    let empty = view.by_name("empty").unwrap();
    assert!(share.pieces(&empty).await.unwrap().is_empty());
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_hashes_nothing_again() {
    let kit = Kit::new();
    for number in 0..40 {
        kit.write_old(&format!("share/{}/f{number}", number % 3), &[number]);
    }
    let big: Vec<u8> = (0..700_000_u32).map(|at| (at % 253) as u8).collect();
    kit.write_old("share/big", &big);
    let share = kit.start().await;
    wait_until(&share, |view| view.count() == 41).await;
    let (digest, pieces) = {
        let view = share.view();
        assert_eq!(view.progress().hashed_files, 41);
        let big = view.by_name("big").unwrap();
        (view.digest(), share.pieces(&big).await.unwrap())
    };
    assert_eq!(pieces.len(), 3);
    share.stop().await;
    drop(share);
    kit.write_old("share/new", b"new");
    let share = kit.start().await;
    wait_until(&share, |view| view.progress().is_settled).await;
    assert!(
        share.view().count() >= 41,
        "what is known is there with the first look"
    );
    wait_until(&share, |view| view.count() == 42).await;
    let view = share.view();
    assert_eq!(view.progress().hashed_files, 1);
    let mut expected = digest;
    expected.toggle("new", &ContentHash::of(b"new"));
    assert_eq!(view.digest(), expected);
    let big = view.by_name("big").unwrap();
    assert_eq!(share.pieces(&big).await.unwrap(), pieces);
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_followed_within_seconds() {
    let kit = Kit::new();
    kit.write_old("share/old", b"old");
    let share = kit.start().await;
    wait_for(&share, &["old"]).await;
    let began = Instant::now();
    fs::create_dir_all(kit.at("share/x/y/z")).unwrap();
    fs::write(kit.at("share/x/y/z/new"), "new").unwrap();
    wait_for(&share, &["old", "x/y/z/new"]).await;
    fs::write(kit.at("share/old"), "changed").unwrap();
    let hash = ContentHash::of(b"changed");
    wait_until(&share, |view| view.by_hash(&hash).is_some()).await;
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    fs::remove_file(kit.at("share/old")).unwrap();
    wait_for(&share, &["x/y/z/new"]).await;
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_takes_the_hashes_over() {
    let kit = Kit::new();
    for number in 0..20 {
        kit.write_old(&format!("share/from/f{number:02}"), &[number]);
    }
    let share = kit.start().await;
    wait_until(&share, |view| view.count() == 20).await;
    let revision = share.view().revision();
    fs::rename(kit.at("share/from"), kit.at("share/to")).unwrap();
    wait_until(&share, |view| {
        view.count() == 20 && view.files().all(|file| file.path.folder() == "to")
    })
    .await;
    fs::rename(kit.at("share/to/f00"), kit.at("downloads/moved")).unwrap();
    wait_until(&share, |view| view.by_name("moved").is_some()).await;
    assert_eq!(share.view().progress().hashed_files, 20);
    let changes = share.changes_since(revision).unwrap();
    let removed = changes.iter().position(|change| match change {
        ShareChange::Removed { path, .. } => path.as_str() == "from/f07",
        ShareChange::Added(_) => false,
    });
    let added = changes.iter().position(|change| match change {
        ShareChange::Added(file) => file.path.as_str() == "to/f07",
        ShareChange::Removed { .. } => false,
    });
    assert!(removed.unwrap() < added.unwrap());
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_hides_its_files_until_it_is_back() {
    let kit = Kit::new();
    kit.write_old("share/f", b"f");
    let share = kit.start().await;
    wait_for(&share, &["f"]).await;
    fs::rename(kit.at("share"), kit.at("away")).unwrap();
    share.rescan().await;
    wait_for(&share, &[]).await;
    assert!(share.view().roots()[0].trouble.is_some());
    fs::rename(kit.at("away"), kit.at("share")).unwrap();
    share.rescan().await;
    wait_for(&share, &["f"]).await;
    assert_eq!(share.view().roots()[0].trouble, None);
    assert_eq!(share.view().progress().hashed_files, 1);
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_download_is_shared_at_once() {
    let kit = Kit::new();
    let share = kit.start().await;
    wait_for(&share, &[]).await;
    let path = kit.at("downloads/folder/done");
    fs::create_dir(kit.at("downloads/folder")).unwrap();
    fs::write(&path, "done").unwrap();
    let hashes = hash_file(&path, |_| ()).unwrap();
    share.adopt(&path, hashes.clone()).await;
    assert_eq!(paths(&share), ["folder/done"]);
    let elsewhere = kit.at("elsewhere");
    fs::write(&elsewhere, "done").unwrap();
    share.adopt(&elsewhere, hashes.clone()).await;
    fs::write(kit.at("downloads/longer"), "longer").unwrap();
    share.adopt(&kit.at("downloads/longer"), hashes).await;
    wait_for(&share, &["folder/done", "longer"]).await;
    assert_eq!(share.view().progress().hashed_files, 1);
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_come_and_go_while_it_runs() {
    let kit = Kit::new();
    kit.write_old("share/same", b"same");
    kit.write_old("more/same", b"same");
    kit.write_old("more/sub/other", b"other");
    let share = kit.start().await;
    wait_for(&share, &["same"]).await;
    let digest = share.view().digest();
    share.add_root(&kit.at("more")).await.unwrap();
    wait_for(&share, &["same", "sub/other"]).await;
    assert!(share.add_root(&kit.at("more")).await.is_err());
    assert!(share.add_root(&kit.at("missing")).await.is_err());
    let view = share.view();
    let rows = view.list_folder(&kit.at("more"), "");
    assert_eq!(rows.len(), 2);
    assert_eq!(
        view.root_totals(&kit.at("more")),
        FolderTotals { files: 2, bytes: 9 }
    );
    share.remove_root(&kit.at("share")).await.unwrap();
    wait_for(&share, &["same", "sub/other"]).await;
    share.remove_root(&kit.at("more")).await.unwrap();
    wait_for(&share, &[]).await;
    assert!(share.remove_root(&kit.at("more")).await.is_err());
    share.add_root(&kit.at("share")).await.unwrap();
    wait_for(&share, &["same"]).await;
    assert_eq!(share.view().digest(), digest);
    share.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_gone_from_the_view_when_taking_it_away_is_answered() {
    let kit = Kit::new();
    kit.write_old("more/file", b"more");
    let share = kit.start().await;
    wait_for(&share, &[]).await;
    let more = kit.at("more");
    let has_more = || share.view().roots().iter().any(|root| root.root == more);
    for _ in 0..3 {
        share.add_root(&more).await.unwrap();
        assert!(has_more());
        share.remove_root(&more).await.unwrap();
        assert!(!has_more());
    }
    share.stop().await;
}
