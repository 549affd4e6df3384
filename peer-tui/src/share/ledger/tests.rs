//! What follows from looks and hashes, step by step and without a disk.

use super::*;
use crate::share::FileStamp;

const OLD_NS: i128 = 1_000_000_000_000;

fn moment(secs: u64) -> Moment {
    Moment {
        now: Duration::from_secs(secs),
        wall_ns: OLD_NS + 60_000_000_000 + i128::from(secs) * 1_000_000_000,
    }
}

fn found(name: &str, inode: u64, modified_ns: i128) -> Found {
    Found {
        relative: name.into(),
        device: 1,
        stamp: FileStamp {
            size_bytes: 10,
            modified_ns,
            changed_ns: modified_ns,
            inode,
        },
    }
}

struct Kit {
    ledger: Ledger,
    root: RootId,
}

impl Kit {
    fn new() -> Self {
        let mut ledger = Ledger::new(PeerId::from_bytes([1; 32]));
        let root = ledger.add_root("/share".into());
        Self { ledger, root }
    }

    fn look(&mut self, scope: Scope, mut files: Vec<Found>, secs: u64) {
        files.sort_by(|a, b| a.relative.as_os_str().cmp(b.relative.as_os_str()));
        let looked = Looked {
            files,
            ..Looked::default()
        };
        self.take(scope, looked, secs);
    }

    fn take(&mut self, scope: Scope, looked: Looked, secs: u64) {
        let look = Look {
            root: self.root,
            scope,
            looked,
            hits: HashMap::new(),
        };
        self.ledger.take_looks(vec![look], moment(secs));
    }

    /// Hashes all that is queued; the content is the inode.
    fn hash_all(&mut self) -> usize {
        let mut count = 0;
        loop {
            let batch = self.ledger.next_batch(2, 1_000);
            if batch.is_empty() {
                return count;
            }
            assert!(batch.len() <= 2);
            for job in batch {
                let hash = ContentHash::of(&job.stamp.inode.to_be_bytes());
                let outcome = Outcome::Hashed(hash, PiecesRoot::from_bytes([0; 32]));
                assert!(!self.ledger.take_outcome(&job, outcome, Duration::ZERO));
                count += 1;
            }
        }
    }

    fn changes(&mut self) -> Vec<String> {
        let text = |change| match change {
            ShareChange::Added(file) => format!("+{}", file.path),
            ShareChange::Removed { path, .. } => format!("-{path}"),
        };
        self.ledger.take_changes().into_iter().map(text).collect()
    }
}

#[test]
fn files_are_hashed_once_and_followed() {
    let mut kit = Kit::new();
    let all = vec![
        found("a", 1, OLD_NS),
        found("b", 2, OLD_NS),
        found("c", 3, OLD_NS),
    ];
    kit.look(Scope::All, all.clone(), 0);
    assert_eq!(kit.ledger.waiting(), (3, 30));
    assert_eq!(kit.hash_all(), 3);
    assert_eq!(kit.changes(), ["+a", "+b", "+c"]);
    kit.look(Scope::All, all, 1);
    assert_eq!((kit.hash_all(), kit.changes().len()), (0, 0));
    kit.look(
        Scope::All,
        vec![found("a", 1, OLD_NS), found("b", 2, OLD_NS + 1)],
        2,
    );
    assert_eq!(kit.changes(), ["-c", "-b"]);
    assert_eq!(kit.hash_all(), 1);
    assert_eq!(kit.changes(), ["+b"]);
    assert_eq!(kit.ledger.waiting(), (0, 0));
}

#[test]
fn a_look_at_a_part_says_nothing_of_the_rest() {
    let mut kit = Kit::new();
    let names = ["d", "d-e", "d/f", "d/g", "d0", "z"];
    let all = (0..)
        .zip(names)
        .map(|(inode, name)| found(name, inode, OLD_NS));
    kit.look(Scope::All, all.collect(), 0);
    kit.hash_all();
    kit.changes();
    kit.look(Scope::Below("d".into()), vec![found("d/g", 3, OLD_NS)], 1);
    assert_eq!(kit.changes(), ["-d", "-d/f"]);
    let unread = Looked {
        unseen: vec!["d".into()],
        ..Looked::default()
    };
    kit.take(Scope::All, unread, 2);
    assert_eq!(kit.changes(), ["-d-e", "-d0", "-z"]);
    let root = kit.root;
    kit.ledger.hide_root(root, Duration::ZERO);
    assert_eq!(kit.changes(), ["-d/g"]);
}

#[test]
fn a_move_that_is_seen_in_two_looks_costs_no_hashing() {
    let mut kit = Kit::new();
    kit.look(Scope::All, vec![found("old", 1, OLD_NS)], 0);
    kit.hash_all();
    kit.look(Scope::Below("old".into()), vec![], 1);
    kit.look(
        Scope::Below("new".into()),
        vec![found("new", 1, OLD_NS)],
        30,
    );
    assert_eq!(kit.changes(), ["+old", "-old", "+new"]);
    assert_eq!(kit.hash_all(), 0);
    kit.look(Scope::All, vec![], 31);
    kit.look(
        Scope::Below("late".into()),
        vec![found("late", 1, OLD_NS)],
        200,
    );
    assert_eq!(kit.hash_all(), 1, "an inode is not remembered for ever");
}

/// The same file after a write or a rename at `changed_ns`, with the modification time of before.
fn touched(name: &str, inode: u64, changed_ns: i128) -> Found {
    let mut found = found(name, inode, OLD_NS);
    found.stamp.changed_ns = changed_ns;
    found
}

#[test]
fn a_file_that_was_written_to_under_its_old_time_is_hashed_again() {
    let mut kit = Kit::new();
    kit.look(Scope::All, vec![found("a", 1, OLD_NS)], 0);
    kit.hash_all();
    kit.look(Scope::All, vec![touched("a", 1, OLD_NS + 1)], 1);
    assert_eq!(kit.changes(), ["+a", "-a"]);
    // Renamed before it was hashed: what is known of its inode is of other bytes.
    kit.look(Scope::All, vec![touched("b", 1, OLD_NS + 2)], 2);
    assert_eq!((kit.hash_all(), kit.changes()), (1, vec!["+b".to_owned()]));
    // Out of the share, written to there, and back.
    kit.look(Scope::All, vec![], 3);
    kit.look(Scope::All, vec![touched("b", 1, OLD_NS + 3)], 4);
    assert_eq!(
        (kit.hash_all(), kit.changes()),
        (1, vec!["-b".to_owned(), "+b".to_owned()])
    );
    // Two names of one file.
    kit.look(
        Scope::All,
        vec![touched("b", 1, OLD_NS + 3), touched("c", 1, OLD_NS + 3)],
        5,
    );
    assert_eq!((kit.hash_all(), kit.changes()), (0, vec!["+c".to_owned()]));
    kit.look(
        Scope::Below("c".into()),
        vec![touched("c", 1, OLD_NS + 4)],
        6,
    );
    kit.look(
        Scope::Below("b".into()),
        vec![touched("b", 1, OLD_NS + 4)],
        6,
    );
    assert_eq!(kit.hash_all(), 2);
}

#[test]
fn a_rename_shows_in_the_change_time_and_costs_no_hashing() {
    let mut kit = Kit::new();
    kit.look(Scope::All, vec![found("old", 1, OLD_NS)], 0);
    kit.hash_all();
    kit.look(Scope::All, vec![touched("new", 1, OLD_NS + 1)], 1);
    assert_eq!(kit.changes(), ["+old", "-old", "+new"]);
    assert_eq!(kit.hash_all(), 0);
}

#[test]
fn a_file_that_is_written_to_waits_and_is_withdrawn_meanwhile() {
    let mut kit = Kit::new();
    kit.look(Scope::All, vec![found("log", 1, OLD_NS)], 0);
    kit.hash_all();
    for secs in 1..5 {
        let now_ns = moment(secs).wall_ns;
        kit.look(
            Scope::Below("log".into()),
            vec![found("log", 1, now_ns)],
            secs,
        );
        assert_eq!(kit.hash_all(), 0);
        let due = kit.ledger.next_due().unwrap();
        assert_eq!(due, Duration::from_secs(secs + 1));
    }
    assert_eq!(kit.changes(), ["+log", "-log"]);
    let root = kit.root;
    assert_eq!(
        kit.ledger.due(Duration::from_secs(9)),
        [(root, PathBuf::from("log"))]
    );
    kit.look(
        Scope::Below("log".into()),
        vec![found("log", 1, moment(4).wall_ns)],
        9,
    );
    assert_eq!(kit.hash_all(), 1);
    assert_eq!(
        (kit.changes(), kit.ledger.next_due()),
        (vec!["+log".to_owned()], None)
    );
}

#[test]
fn an_outcome_for_a_state_that_is_past_is_not_taken() {
    let mut kit = Kit::new();
    let done = || Outcome::Hashed(ContentHash::of(b""), PiecesRoot::from_bytes([0; 32]));
    kit.look(
        Scope::All,
        vec![found("a", 1, OLD_NS), found("b", 2, OLD_NS)],
        0,
    );
    let batch = kit.ledger.next_batch(9, 1_000);
    kit.look(Scope::All, vec![found("a", 1, OLD_NS + 1)], 1);
    for job in &batch {
        assert!(!kit.ledger.take_outcome(job, done(), Duration::ZERO));
    }
    assert!(kit.changes().is_empty());
    let job = kit.ledger.next_batch(9, 1_000).remove(0);
    assert!(
        kit.ledger
            .take_outcome(&job, Outcome::Changed, Duration::ZERO)
    );
    kit.look(Scope::Below("a".into()), vec![found("a", 1, OLD_NS + 1)], 2);
    assert_eq!(kit.hash_all(), 1, "back in the state it was queued in");
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_tried_again() {
    let mut kit = Kit::new();
    kit.look(Scope::All, vec![found("a", 1, OLD_NS)], 0);
    let job = kit.ledger.next_batch(9, 1_000).remove(0);
    let refused = Outcome::Failed("no".to_owned());
    kit.ledger.take_outcome(&job, refused, Duration::ZERO);
    let troubles = |kit: &Kit| kit.ledger.roots()[&kit.root].troubles().0.count();
    assert_eq!((troubles(&kit), kit.ledger.waiting()), (1, (0, 0)));
    kit.look(Scope::All, vec![found("a", 1, OLD_NS)], 30);
    assert_eq!((kit.hash_all(), troubles(&kit)), (1, 0));
}
