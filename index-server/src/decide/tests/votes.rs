//! The rules of judging others by tables.

use super::*;

#[test]
fn votes_count_once_a_peer() {
    let mut table = Table::with(&[1, 2, 3]);
    table.changed(1, vec![add("x", "x")]);
    let mut rating = |command: &Command| match table.ok(command).answer {
        Answer::Rated(response) => (response.rating, response.votes),
        other => panic!("{other:?}"),
    };
    assert_eq!(rating(&rate(2, 1, "x", 5)), (5.0, 1));
    assert_eq!(rating(&rate(3, 1, "x", 2)), (3.5, 2));
    assert_eq!(rating(&rate(2, 1, "x", 1)), (1.5, 2));
    for stars in [0, 6, 255] {
        assert_eq!(table.refused(&rate(2, 1, "x", stars)), Slug::InvalidField);
    }
    assert_eq!(table.refused(&rate(2, 1, "w", 3)), Slug::UnknownFile);
    assert_eq!(table.refused(&rate(9, 1, "x", 3)), Slug::UnknownPeer);
}

impl Table {
    fn reputation(&self, number: u8) -> u8 {
        let entry = self.world.peer_entry(&peer(number), None);
        entry.expect("known").reputation
    }

    /// What peer `number` without a key, which calls from `from`, says of peer 1's content `x`.
    fn told_without_key(&mut self, number: u8, from: &str, outcome: Outcome) {
        let remote = from.parse().expect("an address");
        self.registered(Register {
            remote,
            ..unkeyed(number)
        });
        let Command::Report { report, .. } = report(number, 1, "x", outcome) else {
            panic!("another command");
        };
        let actor = Actor {
            peer: peer(number | 0x80),
            remote,
            token: None,
        };
        self.ok(&Command::Report { actor, report });
    }
}

#[test]
fn reports_need_a_reason_and_complaints_three_voices() {
    let mut table = Table::with(&[1, 2, 3, 4]);
    table.changed(1, vec![add("x", "x")]);
    for _ in 0..10 {
        table.ok(&report(2, 1, "x", Outcome::Ok));
    }
    let praised = table.reputation(1);
    assert!(praised > 50);
    for (command, slug) in [
        (report(1, 1, "x", Outcome::Ok), Slug::InvalidField),
        (report(2, 9, "x", Outcome::Corrupt), Slug::UnknownPeer),
        (report(2, 1, "w", Outcome::Corrupt), Slug::UnknownContent),
    ] {
        assert_eq!(table.refused(&command), slug);
    }
    for number in [2, 3] {
        for _ in 0..20 {
            table.ok(&report(number, 1, "x", Outcome::Corrupt));
        }
        let again = table.ok(&report(number, 1, "x", Outcome::Corrupt));
        assert_eq!(again.records, [], "it fills no journal");
        assert_eq!(table.reputation(1), praised, "too few complain");
    }
    table.ok(&report(4, 1, "x", Outcome::Unreachable));
    assert!(table.reputation(1) < 40, "now all of theirs count");
}

#[test]
fn reporters_without_a_key_are_one_an_address() {
    let complain = |places: [&str; 3]| {
        let mut table = Table::with(&[1]);
        table.changed(1, vec![add("x", "x")]);
        for (number, from) in (10..).zip(places) {
            table.told_without_key(number, from, Outcome::Corrupt);
        }
        table.reputation(1)
    };
    assert_eq!(complain(["10.0.0.7"; 3]), 50);
    assert_eq!(complain(["127.0.0.1", "::1", "127.0.0.9"]), 50);
    assert_eq!(complain(["10.0.0.7", "::ffff:10.0.0.7", "10.0.0.8"]), 50);
    assert_eq!(complain(["fd00::1", "fd00::2", "fd00::3"]), 50);
    assert!(complain(["10.0.0.7", "fd00::2", "127.0.0.3"]) < 50);
    // Nor do many of them praise more than one.
    let mut table = Table::with(&[1]);
    table.changed(1, vec![add("x", "x")]);
    for number in 10..20 {
        table.told_without_key(number, "10.0.0.7", Outcome::Ok);
    }
    assert!(table.reputation(1) <= 55);
}

#[test]
fn a_report_counts_no_more_bytes_than_the_content_has() {
    let praise = |bytes: u64| {
        let mut table = Table::with(&[1]);
        table.changed(1, vec![add("x", "x")]);
        for number in 2..30 {
            table.ok(&register(number));
            let Command::Report { actor, report } = report(number, 1, "x", Outcome::Ok) else {
                panic!("another command");
            };
            let report = crate::command::Report { bytes, ..report };
            table.ok(&Command::Report { actor, report });
        }
        table.reputation(1)
    };
    assert_eq!(praise(u64::MAX), praise(1), "the content has one byte");
}
