//! An unfinished download against a model: whatever is written, whenever it ends, whatever the disk
//! made of what was not safe, the next start believes what is right and nothing else.

use proptest::prelude::*;

use super::*;
use crate::fetch::store::faults;

const PIECES_COUNT: u32 = 5;
const SIZE: u64 = (PIECES_COUNT as u64 - 1) * PIECE + 1_234;

/// What becomes of a piece that was written and not made safe.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// It is there all the same.
    None,
    /// It never reached the disk.
    Zeros,
    /// Its first half did.
    Torn,
    /// Something else is there.
    Bent,
}

#[derive(Debug, Clone)]
enum Step {
    Write(u32),
    /// All that is there is made safe.
    Sync,
    /// That fails: the disk has lost some of it.
    FailedSync(Vec<Loss>),
    /// A clean end, and a start.
    Restart,
    /// A clean end that fails as the sync does.
    FailedRestart(Vec<Loss>),
    /// The power goes, with so much of the next version of the map written.
    Crash(Vec<Loss>, Vec<u8>),
    /// A clean end, then something bends or cuts the map while nothing runs.
    DamagedMap(prop::sample::Index, bool),
}

fn losses() -> impl Strategy<Value = Vec<Loss>> {
    let loss = prop::sample::select(vec![Loss::None, Loss::Zeros, Loss::Torn, Loss::Bent]);
    prop::collection::vec(loss, PIECES_COUNT as usize)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..PIECES_COUNT).prop_map(Step::Write),
        1 => Just(Step::Sync),
        1 => losses().prop_map(Step::FailedSync),
        1 => Just(Step::Restart),
        1 => losses().prop_map(Step::FailedRestart),
        2 => (losses(), prop::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(losses, beside)| Step::Crash(losses, beside)),
        1 => any::<(prop::sample::Index, bool)>().prop_map(|(at, cut)| Step::DamagedMap(at, cut)),
    ]
}

/// The disk as it is meant to be.
struct Model {
    fixture: Fixture,
    store: Store,
    have: PieceSet,
    /// Of those, the ones that no crash can take away.
    safe: PieceSet,
}

impl Model {
    fn new() -> Self {
        let fixture = Fixture::new(SIZE);
        let opened = fixture.open();
        Self {
            store: opened.store,
            have: opened.verified.clone(),
            safe: opened.verified,
            fixture,
        }
    }

    fn pieces(&self) -> Vec<PieceIndex> {
        self.fixture.layout.pieces().collect()
    }

    /// Does to every piece that is not safe what the disk did.
    fn lose(&self, losses: &[Loss]) -> impl Fn(&Path) + Send + use<> {
        let layout = self.fixture.layout;
        let is_unsafe = |piece| self.have.contains(piece) && !self.safe.contains(piece);
        let written = self.pieces().into_iter().zip(losses.to_vec());
        let written = written.filter(|(piece, _)| is_unsafe(*piece));
        let lost: Vec<_> = written
            .map(|(piece, loss)| (layout.range(piece), loss))
            .collect();
        move |path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            for (range, loss) in &lost {
                let (first, length) = (range.first(), usize::try_from(range.len()).unwrap());
                let (at, bytes) = match loss {
                    Loss::None => (0, Vec::new()),
                    Loss::Zeros => (0, vec![0; length]),
                    Loss::Torn => (length / 2, vec![0; length - length / 2]),
                    Loss::Bent => (17, b"\0bent\0".to_vec()),
                };
                file.write_all_at(&bytes, first + at as u64).unwrap();
            }
        }
    }

    fn map(&self) -> PathBuf {
        map::path(self.fixture.folder.path(), &self.fixture.hashes.hash)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let hashes = &self.fixture.hashes;
        let pieces = (hashes.root, hashes.pieces.as_slice());
        self.store.suspend(&hashes.hash, pieces, &self.have)
    }

    /// Starts again as a download does: what nobody vouches for is hashed.
    fn reopen(&mut self, is_map_right: bool) -> Result<(), TestCaseError> {
        let opened = self.fixture.open();
        let on_disk = fs::read(opened.store.path()).unwrap();
        let is_right = |piece: PieceIndex| {
            let range = self.fixture.layout.range(piece);
            let first = usize::try_from(range.first()).unwrap();
            let last = usize::try_from(range.last()).unwrap();
            on_disk[first..=last] == self.fixture.bytes[first..=last]
        };
        let mut have = opened.verified;
        for piece in self.pieces() {
            prop_assert!(is_right(piece) || !have.contains(piece), "vouched for");
        }
        if is_map_right {
            prop_assert_eq!(&have, &self.have);
            prop_assert!(opened.doubtful.is_empty(), "hashed for nothing");
        }
        for piece in opened.doubtful {
            let expected = &self.fixture.hashes.pieces[piece.as_usize()];
            if opened.store.verify(piece, expected).unwrap() {
                have.insert(piece);
            }
        }
        for piece in self.pieces() {
            prop_assert_eq!(
                have.contains(piece),
                is_right(piece),
                "what is right counts"
            );
            prop_assert!(have.contains(piece) || !self.safe.contains(piece), "lost");
        }
        self.store = opened.store;
        // It was read from the disk: a crash takes nothing of it away.
        self.safe = have.clone();
        self.have = have;
        Ok(())
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Write(number) => {
                self.have.insert(self.fixture.write(&self.store, number));
            }
            Step::Sync => {
                self.store.sync().unwrap();
                self.safe = self.have.clone();
            }
            Step::FailedSync(losses) => {
                faults::fail_next_sync(self.store.path().to_owned(), self.lose(&losses));
                let failed = self.store.sync();
                let is_unsafe = matches!(failed, Err(StoreError::Unsafe { .. }));
                prop_assert!(is_unsafe);
                self.store.forget_cached();
                self.reopen(false)?;
            }
            Step::Restart => {
                self.suspend().unwrap();
                self.safe = self.have.clone();
                self.reopen(true)?;
            }
            Step::FailedRestart(losses) => {
                faults::fail_next_sync(self.store.path().to_owned(), self.lose(&losses));
                prop_assert!(self.suspend().is_err());
                prop_assert!(!self.map().is_file(), "nobody may vouch for it");
                self.reopen(false)?;
            }
            Step::Crash(losses, beside) => {
                self.lose(&losses)(self.store.path());
                fs::write(self.map().with_extension("map.new"), beside).unwrap();
                self.reopen(false)?;
            }
            Step::DamagedMap(at, is_cut) => {
                self.suspend().unwrap();
                self.safe = self.have.clone();
                let mut bytes = fs::read(self.map()).unwrap();
                let at = at.index(bytes.len());
                if is_cut {
                    bytes.truncate(at);
                } else {
                    bytes[at] ^= 1;
                }
                fs::write(self.map(), bytes).unwrap();
                self.reopen(false)?;
            }
        }
        Ok(())
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 48,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn what_is_right_is_believed_and_nothing_else(steps in prop::collection::vec(step(), 1..40)) {
        let mut model = Model::new();
        for step in steps {
            model.take(step)?;
        }
    }
}
