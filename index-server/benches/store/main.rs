//! What a million records cost in memory, part by part, and what taking one in costs the thread
//! that owns the world, stage by stage. In one process, without HTTP and disk.
//!
//! `cargo bench -p index-server --bench store`. Settings by environment: `CORPUS` (a file of
//! tab-separated records as the bench `scale` reads it; required), `RECORDS` (1000000), `PORTION`
//! (changes of one commit, 4000).

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot go on has nobody to tell"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use index_server::command::{Actor, Command, FileChange, Register};
use index_server::decide::{Draft, Overdue, Rules, decide};
use index_server::record::Record;
use index_server::view::PeerAddress;
use index_server::world::World;
use jiff::Timestamp;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::registration::FileFields;

#[global_allocator]
static ALLOCATOR: index_server::allocator::Allocator = index_server::allocator::Allocator;

const REMOTE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn main() {
    let corpus = std::env::var("CORPUS").expect("CORPUS names a file of records");
    let number = |name: &str, usual: usize| {
        let set = std::env::var(name).ok();
        set.map_or(usual, |text| text.parse().expect("a number"))
    };
    let (count, portion) = (number("RECORDS", 1_000_000), number("PORTION", 4_000));
    let mut taker = Taker::default();
    let started = Instant::now();
    let file = std::fs::File::open(&corpus).expect("the corpus");
    let before = resident_bytes();
    for line in BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .take(count)
    {
        taker.line(&line);
        if taker.waiting_count >= portion {
            taker.commit();
        }
    }
    taker.commit();
    let took = started.elapsed();
    println!("took {took:?}");
    for (stage, spent) in &taker.spent {
        println!(
            "  {stage}: {:.2} us a record",
            spent.as_secs_f64() * 1e6 / count as f64
        );
    }
    index_server::allocator::give_back();
    taker.tell_memory("as it grew", before, count);
    taker.world.files_mut().settle();
    index_server::allocator::give_back();
    taker.tell_memory("settled", before, count);
}

#[derive(Default)]
struct Taker {
    world: World,
    owner: Option<(usize, PeerId)>,
    changes: Vec<FileChange>,
    commands: Vec<Command>,
    waiting_count: usize,
    spent: BTreeMap<&'static str, Duration>,
}

impl Taker {
    fn line(&mut self, line: &str) {
        let fields: Vec<&str> = line.split('\t').collect();
        let owner: usize = fields[6].parse().expect("an owner");
        if self.owner.is_none_or(|(known, _)| known != owner) || self.changes.len() >= 1_000 {
            self.hand_on();
            self.meet(owner);
        }
        let path = format!("{}/{}", fields[1], fields[0]);
        let tags: Vec<&str> = fields[5].split(',').filter(|tag| !tag.is_empty()).collect();
        let hash: ContentHash = fields[3].parse().expect("a hash");
        let file = FileFields {
            filename: fields[0],
            path: Some(&path),
            size: fields[2].parse().expect("a size"),
            hash,
            pieces_root: Some(root(fields[3], fields[2]).parse().expect("a root")),
            category: None,
            tags: Some(&tags),
            partial: false,
        };
        let file = file.check().expect("a good record");
        self.changes.push(FileChange::Add(file));
        self.waiting_count += 1;
    }

    /// Registers an owner that is new.
    fn meet(&mut self, owner: usize) {
        let id = PeerId::from_bytes(*ContentHash::of(&owner.to_be_bytes()).as_bytes());
        self.owner = Some((owner, id));
        if self.world.peer_state(&id).is_some() {
            return;
        }
        self.commands.push(Command::Register(Register {
            id: Some(id),
            is_keyed: false,
            fresh_id: id,
            name: Some(format!("owner {owner}")),
            address: PeerAddress::SameMachine(REMOTE),
            remote: REMOTE,
            port: 7071,
            region: String::new(),
            version: String::new(),
            catalog_digest: None,
            token_sha256: [0; 32],
        }));
    }

    fn hand_on(&mut self) {
        let Some((_, peer)) = self.owner.filter(|_| !self.changes.is_empty()) else {
            return;
        };
        self.commands.push(Command::ChangeFiles {
            actor: Actor {
                peer,
                remote: REMOTE,
                token: None,
            },
            changes: std::mem::take(&mut self.changes),
            is_long: false,
        });
    }

    fn commit(&mut self) {
        self.hand_on();
        self.waiting_count = 0;
        let commands = std::mem::take(&mut self.commands);
        let mut clock = Stages::begin(&mut self.spent);
        let mut records: Vec<Record> = Vec::new();
        let mut draft = Draft::on(&self.world);
        let now = Timestamp::now();
        let rules = Rules::default();
        for command in commands {
            let decision = decide(command, &mut draft, now, &rules, Overdue::default);
            records.extend(decision.expect("nothing is refused").records);
        }
        clock.end("1 decide");
        drop(draft);
        clock.end("2 drop draft");
        let encoded: Vec<_> = records.iter().map(Record::encode).collect();
        clock.end("3 encode");
        for record in records {
            self.world.apply(record);
        }
        clock.end("4 apply");
        self.world.files_mut().view();
        clock.end("5 view");
        drop(encoded);
        clock.end("6 drop what was encoded");
    }

    fn tell_memory(&mut self, when: &str, before: usize, count: usize) {
        let held = resident_bytes().saturating_sub(before);
        println!("{when}: {} B a record resident", held / count);
        let mut sum = 0;
        for (part, bytes) in self.world.memory() {
            sum += bytes;
            println!("  {part}: {:.1} B a record", bytes as f64 / count as f64);
        }
        println!("  accounted for: {} B a record", sum / count);
        let view = self.world.files_mut().view();
        println!("  segments: {}", view.segment_count());
    }
}

/// The root of a file of more than one block is another text than its hash.
fn root(hash: &str, size: &str) -> String {
    match size.parse() {
        Ok(0..=16_384_u64) => hash.to_owned(),
        _ => ContentHash::of(hash.as_bytes()).to_string(),
    }
}

/// Processor time of this thread, a stage at a time.
struct Stages<'s> {
    spent: &'s mut BTreeMap<&'static str, Duration>,
    since: Duration,
}

impl<'s> Stages<'s> {
    fn begin(spent: &'s mut BTreeMap<&'static str, Duration>) -> Self {
        let since = thread_time();
        Self { spent, since }
    }

    fn end(&mut self, stage: &'static str) {
        let now = thread_time();
        *self.spent.entry(stage).or_default() += now.saturating_sub(self.since);
        self.since = now;
    }
}

fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(spent.unwrap_or(0))
}

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * 4_096
}
