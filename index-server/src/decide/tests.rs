//! The rules by tables: who may do what, and what becomes of it.

mod files;
mod sweep;
mod votes;

use jiff::Timestamp;
use protocol::ids::PeerId;
use protocol::peer::{CatalogState, Outcome};
use protocol::problem::Slug;

use super::kit::{
    actor, add, add_partial, at, change, checked, content, download, file, heartbeat, host, keyed,
    leave, peer, rate, register, remove, report, unkeyed,
};
use super::*;
use crate::command::{FileChange, FileChanged, Register};
use crate::view::PeerAddress;
use crate::world::{PlainFiles, World};

/// A world that commands are decided on one by one.
struct Table {
    world: World<PlainFiles>,
    rules: Rules,
    now: Timestamp,
}

impl Table {
    fn new() -> Self {
        Self {
            world: World::default(),
            rules: Rules::default(),
            now: at(0),
        }
    }

    /// With these peers registered.
    fn with(numbers: &[u8]) -> Self {
        let mut table = Self::new();
        for number in numbers {
            table.ok(&register(*number));
        }
        table
    }

    fn decide(&mut self, command: &Command) -> Result<Decision, Refusal> {
        self.sweep(command, Overdue::default())
    }

    fn sweep(&mut self, command: &Command, overdue: Overdue) -> Result<Decision, Refusal> {
        let mut draft = Draft::on(&self.world);
        let decision = decide(command.clone(), &mut draft, self.now, &self.rules, || {
            overdue
        })?;
        for record in &decision.records {
            self.world.apply(record.clone());
        }
        Ok(decision)
    }

    fn ok(&mut self, command: &Command) -> Decision {
        self.decide(command)
            .unwrap_or_else(|refusal| panic!("{command:?}: {refusal:?}"))
    }

    fn refused(&mut self, command: &Command) -> Slug {
        let before: Vec<Record> = self.world.snapshot().collect();
        let slug = self.decide(command).expect_err("refused").slug;
        assert!(
            self.world.snapshot().eq(before),
            "a refusal changes nothing"
        );
        slug
    }

    fn registered(&mut self, register: Register) -> (PeerId, bool, Option<CatalogState>) {
        match self.ok(&Command::Register(register)).answer {
            Answer::Registered(told) => (told.id, told.is_new, told.catalog),
            other => panic!("{other:?}"),
        }
    }

    /// What became of each change, in a word.
    fn changed(&mut self, number: u8, changes: Vec<FileChange>) -> Vec<&'static str> {
        let Answer::FilesChanged(outcomes) = self.ok(&change(number, changes)).answer else {
            panic!("another answer");
        };
        let word = |outcome: &FileChanged| match outcome {
            FileChanged::Added(_) => "added",
            FileChanged::Updated(_) => "updated",
            FileChanged::Removed => "removed",
            FileChanged::Refused(refusal) => refusal.slug.as_str(),
        };
        outcomes.iter().map(word).collect()
    }

    /// All names of a record, the last one at the end; none when it is gone.
    fn names(&self, number: u8, name: &str) -> Vec<String> {
        let entry = self.world.files().get(&file(number, name));
        let names = entry.map(|entry| entry.names).unwrap_or_default();
        names.iter().map(|name| name.path.to_string()).collect()
    }
}

#[test]
fn an_id_belongs_to_its_key_or_to_the_address_it_was_made_for() {
    let mut table = Table::new();
    assert_eq!(table.registered(keyed(1)), (peer(1), true, None));
    assert_eq!(table.registered(keyed(1)), (peer(1), false, None));
    // Without the key the id cannot be had, from wherever.
    let claim = |id: u8, from: u8| Register {
        id: Some(peer(id)),
        ..unkeyed(from)
    };
    assert_eq!(
        table.refused(&Command::Register(claim(1, 1))),
        Slug::KeyRequired
    );
    // An id that nobody knows is not made to order.
    assert_eq!(table.registered(claim(9, 2)).0, peer(2 | 0x80));
    assert_eq!(
        table.registered(claim(2 | 0x80, 2)),
        (peer(2 | 0x80), false, None),
        "the same address keeps its id"
    );
    assert_eq!(
        table.registered(claim(2 | 0x80, 3)).0,
        peer(3 | 0x80),
        "another address gets a fresh one"
    );
    let nameless = Register {
        name: Some("  ".into()),
        ..keyed(4)
    };
    let (id, ..) = table.registered(nameless);
    let name = &table.world.peer_state(&id).expect("known").facts.name;
    assert_eq!(*name, format!("peer-{}", id.short()));
}

#[test]
fn calls_need_token_or_address_and_the_token_ends_with_the_day_and_with_a_goodbye() {
    let mut table = Table::with(&[1]);
    table.registered(unkeyed(2));
    let plain = Actor {
        peer: peer(2 | 0x80),
        token: None,
        ..actor(2)
    };
    table.ok(&Command::Heartbeat(plain.clone()));
    let elsewhere = Actor {
        remote: host(3),
        ..plain
    };
    assert_eq!(
        table.refused(&Command::Heartbeat(elsewhere)),
        Slug::WrongAddress
    );
    let tokenless = Actor {
        token: None,
        ..actor(1)
    };
    assert_eq!(
        table.refused(&Command::Heartbeat(tokenless)),
        Slug::MissingToken
    );
    table.now = at(24 * 3600 - 1);
    table.ok(&heartbeat(1));
    table.now = at(24 * 3600);
    assert_eq!(table.refused(&heartbeat(1)), Slug::InvalidToken);
    table.ok(&register(1));
    table.ok(&heartbeat(1));
    assert_eq!(table.refused(&heartbeat(7)), Slug::UnknownPeer);

    let another = Command::Leave {
        actor: actor(1),
        id: peer(2 | 0x80),
    };
    assert_eq!(table.refused(&another), Slug::OwnerMismatch);
    assert_eq!(table.ok(&leave(1)).news, [News::PeerLeft(peer(1))]);
    assert_eq!(table.refused(&heartbeat(1)), Slug::InvalidToken);
    assert_eq!(table.ok(&register(1)).news, [News::PeerOnline(peer(1))]);
}

#[test]
fn only_the_first_goodbye_is_told() {
    let mut table = Table::new();
    table.registered(unkeyed(2));
    let plain = Actor {
        peer: peer(2 | 0x80),
        token: None,
        ..actor(2)
    };
    let goodbye = Command::Leave {
        actor: plain.clone(),
        id: plain.peer,
    };
    assert_eq!(table.ok(&goodbye).news, [News::PeerLeft(plain.peer)]);
    let again = table.ok(&goodbye);
    assert_eq!((again.records, again.news), (vec![], vec![]));
    assert_eq!(again.answer, Answer::Left);
    table.ok(&Command::Heartbeat(plain.clone()));
    assert_eq!(table.ok(&goodbye).news, [News::PeerLeft(plain.peer)]);
}

#[test]
fn a_sign_of_life_is_on_record_once_an_hour() {
    let mut table = Table::with(&[1]);
    let mut records = Vec::new();
    for minute in 1..=150 {
        table.now = at(minute * 60);
        let decision = table.ok(&heartbeat(1));
        assert_eq!(decision.news, []);
        records.extend(decision.records);
    }
    let seen = |hours: i64| Record::PeerOnline {
        at: at(hours * 3600).into(),
        id: peer(1),
    };
    assert_eq!(records, [seen(1), seen(2)]);
    let last_seen = table.world.peer_state(&peer(1)).expect("known").last_seen;
    assert_eq!(last_seen, at(2 * 3600).into());
}

#[test]
fn a_peer_that_moved_is_sent_to_register_again() {
    let mut table = Table::with(&[1]);
    let from = |remote: &str| {
        let remote = remote.parse().expect("an address");
        Command::Heartbeat(Actor { remote, ..actor(1) })
    };
    table.ok(&from("10.0.0.1"));
    table.ok(&from("::ffff:10.0.0.1"));
    table.ok(&from("fd00::1"));
    assert_eq!(table.refused(&from("10.0.0.99")), Slug::InvalidToken);
    // A proven address is its own, wherever the peer calls from.
    let forwarded = Register {
        address: PeerAddress::At(host(200)),
        ..keyed(1)
    };
    table.registered(forwarded);
    table.ok(&from("10.0.0.99"));
    let local = Register {
        address: PeerAddress::SameMachine("127.0.0.1".parse().expect("an address")),
        remote: "127.0.0.1".parse().expect("an address"),
        ..keyed(1)
    };
    table.registered(local);
    table.ok(&from("127.0.0.2"));
}

#[test]
fn watchers_hear_of_a_registration_that_says_something_new() {
    let mut table = Table::new();
    assert_eq!(table.ok(&register(1)).news, [News::PeerRegistered(peer(1))]);
    assert_eq!(table.ok(&register(1)).news, []);
    let moved = Register {
        address: PeerAddress::At(host(9)),
        ..keyed(1)
    };
    let decision = table.ok(&Command::Register(moved));
    assert_eq!(decision.news, [News::PeerRegistered(peer(1))]);
    assert_eq!(table.ok(&heartbeat(1)).records, [], "not journalled");
}

#[test]
fn one_address_brings_no_peers_without_end() {
    let mut table = Table::new();
    table.rules.peers_per_address_max_count = 3;
    let from_one_place = |number: u8| Register {
        remote: host(200),
        ..unkeyed(number)
    };
    for number in 1..=3 {
        table.registered(from_one_place(number));
    }
    let fourth = Command::Register(from_one_place(4));
    assert_eq!(table.refused(&fourth), Slug::TooManyPeers);
    let again = Register {
        id: Some(peer(1 | 0x80)),
        ..from_one_place(1)
    };
    assert_eq!(table.registered(again), (peer(1 | 0x80), false, None));
    table.registered(unkeyed(5));
    // One that is away, keyless and without files gives way.
    let goodbye = Command::Leave {
        actor: Actor {
            peer: peer(2 | 0x80),
            remote: host(200),
            token: None,
        },
        id: peer(2 | 0x80),
    };
    table.ok(&goodbye);
    table.ok(&fourth);
    assert!(table.world.peer_state(&peer(2 | 0x80)).is_none());
    let local = |number: u8| Register {
        remote: "127.0.0.1".parse().expect("an address"),
        ..unkeyed(number)
    };
    for number in 10..30 {
        table.registered(local(number));
    }
    table.rules.limits_loopback = true;
    assert_eq!(
        table.refused(&Command::Register(local(40))),
        Slug::TooManyPeers
    );
}
