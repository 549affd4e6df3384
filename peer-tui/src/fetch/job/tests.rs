//! Whom a job believes and asks, with time in hand.

use protocol::file::Source;
use protocol::hash::ContentHash;
use protocol::ids::FileId;

use super::*;

const PIECE: u64 = 256 * 1024;
const SEC: Duration = Duration::from_secs(1);

fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 32])
}

fn root(number: u8) -> PiecesRoot {
    PiecesRoot::from_bytes([number; 32])
}

fn content(roots: &[Option<u8>]) -> ContentInfo {
    let hash = ContentHash::of(b"x");
    let sources = (1..).zip(roots).map(|(number, told)| Source {
        peer: peer(number),
        name: format!("peer {number}"),
        address: format!("10.0.0.{number}:7071"),
        file_id: FileId::of(&peer(number), &hash),
        pieces_root: told.map(root),
        partial: false,
        is_online: true,
        reputation: 50,
    });
    ContentInfo {
        hash,
        size: 4 * PIECE,
        pieces_root: None,
        names: vec![],
        sources: sources.collect(),
    }
}

fn job(roots: &[Option<u8>]) -> Job {
    let mut job = Job::new(PieceLayout::of_size(4 * PIECE), peer(0), SEC, 1);
    job.learn(&content(roots), |_| false);
    job
}

#[test]
fn the_majority_is_believed_until_it_is_caught() {
    let mut job = job(&[Some(1), Some(2), Some(1), None]);
    assert_eq!(job.root(), Some(root(1)));
    job.start(PieceSet::none(4));
    let now = Instant::now();
    let asked: Vec<_> = job.assign(now).into_iter().map(|(key, _)| key.0).collect();
    assert_eq!(
        asked,
        [0, 2, 3],
        "those of the root and those that told none"
    );
    assert_eq!(job.root_was_wrong(), [peer(1), peer(3)]);
    assert_eq!(job.root(), Some(root(2)));
    job.learn(&content(&[Some(1), Some(2), Some(1), None]), |_| false);
    job.start(PieceSet::none(4));
    let asked: Vec<_> = job.assign(now).into_iter().map(|(key, _)| key.0).collect();
    assert_eq!(asked, [1, 3], "liars stay out whatever the index says");
}

#[test]
fn a_failing_source_rests_longer_each_time_and_the_index_brings_it_back() {
    let mut job = job(&[Some(1)]);
    job.start(PieceSet::none(4));
    let mut now = Instant::now();
    let fault = Fault::Broken("broke off".to_owned());
    for wait in [1, 2, 4] {
        assert_eq!(job.assign(now).len(), 1);
        job.ended(SourceKey(0), Err(&fault), now);
        assert_eq!(job.verdict(now), Verdict::Wait(now + SEC * wait));
        assert_eq!(job.assign(now).len(), 0);
        now += SEC * wait;
    }
    assert_eq!(job.assign(now).len(), 1);
    job.ended(SourceKey(0), Err(&fault), now);
    assert!(matches!(job.verdict(now), Verdict::NoSource(_)));
    job.learn(&content(&[Some(1)]), |_| false);
    assert_eq!(job.verdict(now), Verdict::Go);
    job.assign(now);
    job.ended(SourceKey(0), Err(&Fault::Lied("lied".to_owned())), now);
    job.learn(&content(&[Some(1)]), |_| false);
    assert_eq!(
        job.verdict(now),
        Verdict::NoSource("everybody who has it sent wrong bytes".to_owned())
    );
}

#[test]
fn refused_offline_own_and_odd_addresses_are_no_sources() {
    let mut told = content(&[Some(1), Some(1), Some(1), Some(1)]);
    told.sources[0].is_online = false;
    told.sources[1].peer = peer(0);
    told.sources[2].address = "169.254.169.254:80".to_owned();
    let mut job = Job::new(PieceLayout::of_size(4 * PIECE), peer(0), SEC, 1);
    let why = |told: &str| Verdict::NoSource(told.to_owned());
    job.learn(&told, |one| *one == peer(4));
    assert_eq!(job.source_counts(), (0, 0));
    let refused = why("those who have it are blocked or sent wrong bytes before");
    assert_eq!(job.verdict(Instant::now()), refused);
    told.sources[3].is_online = false;
    job.learn(&told, |one| *one == peer(4));
    let away = why("nobody who has it is online");
    assert_eq!(job.verdict(Instant::now()), away);
    let mut withdrawn = content(&[Some(1)]);
    withdrawn.sources[0].peer = peer(0);
    let mut job = Job::new(PieceLayout::of_size(4 * PIECE), peer(0), SEC, 1);
    job.learn(&withdrawn, |_| false);
    let nobody = why("nobody shares it any more");
    assert_eq!(
        job.verdict(Instant::now()),
        nobody,
        "this peer alone has a part"
    );
}
