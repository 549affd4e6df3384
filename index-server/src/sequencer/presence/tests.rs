//! When who is forgotten, over restarts and whatever the clock on the wall says.

use super::*;
use crate::config::Config;
use crate::decide::kit::{at, peer, register};
use crate::decide::{Draft, Rules, decide};
use crate::record::Record;

const DAY: u64 = 24 * 3600;

fn settings() -> Settings {
    Settings {
        offline_after: Duration::from_mins(2),
        forget_after: Duration::from_secs(30 * DAY),
        ..Settings::from(&Config::in_folder("unused".into()))
    }
}

/// A world with peer 1, which came in second 0.
fn world() -> World {
    let mut world = World::default();
    let mut draft = Draft::on(&world);
    let decision = decide(
        register(1),
        &mut draft,
        at(0),
        &Rules::default(),
        Overdue::default,
    );
    for record in decision.expect("registered").records {
        world.apply(record);
    }
    world
}

fn go_offline(world: &mut World, last_seen: i64) {
    world.apply(Record::PeerOffline {
        at: at(last_seen + 150).into(),
        id: peer(1),
        last_seen: at(last_seen).into(),
    });
}

/// A presence that starts in second `secs` of wall time.
fn start(world: &World, secs: u64, instant: Instant) -> Presence {
    let secs = i64::try_from(secs).expect("small");
    Presence::at_start(world, settings(), at(secs), instant)
}

/// Peer 1 is to be forgotten so many seconds after `instant`, and not one before.
#[track_caller]
fn assert_forgotten(presence: &Presence, world: &World, instant: Instant, secs: u64) {
    let stale = |secs| {
        let overdue = presence.overdue(world, instant + Duration::from_secs(secs));
        overdue.stale == [peer(1)]
    };
    assert_eq!((stale(secs - 1), stale(secs)), (false, true));
}

#[test]
fn a_restart_does_not_count_anew() {
    let instant = Instant::now();
    let mut world = world();
    go_offline(&mut world, 0);
    for (started, left) in [(DAY, 29 * DAY), (29 * DAY, DAY), (30 * DAY - 130, 130)] {
        let presence = start(&world, started, instant);
        assert_forgotten(&presence, &world, instant, left);
    }
}

#[test]
fn whoever_could_not_come_back_has_the_time_to_after_a_start() {
    let instant = Instant::now();
    let mut world = world();
    go_offline(&mut world, 0);
    for started in [30 * DAY - 1, 30 * DAY, 400 * DAY] {
        let presence = start(&world, started, instant);
        assert_forgotten(&presence, &world, instant, 120);
    }
    // A standstill is no other thing.
    let mut presence = start(&world, 29 * DAY, instant);
    let later = instant + Duration::from_secs(2 * DAY);
    assert!(presence.look(later));
    assert_eq!(presence.overdue(&world, later).stale, []);
}

#[test]
fn silence_counts_from_the_last_sign_and_not_from_going_offline() {
    let instant = Instant::now();
    let mut world = world();
    let mut presence = start(&world, 0, instant);
    let heard = instant + Duration::from_secs(100);
    presence.heard(peer(1), at(100), heard);
    go_offline(&mut world, 100);
    let offline = heard + Duration::from_secs(150);
    presence.settle(
        peer(1),
        world.peer_state(&peer(1)).map(|peer| &**peer),
        offline,
    );
    assert_forgotten(&presence, &world, heard, 30 * DAY);

    // Not heard since a start ten days after its last sign.
    let mut world = self::world();
    let mut presence = start(&world, 10 * DAY, instant);
    go_offline(&mut world, 0);
    presence.settle(
        peer(1),
        world.peer_state(&peer(1)).map(|peer| &**peer),
        offline,
    );
    assert_forgotten(&presence, &world, instant, 20 * DAY);
}

#[test]
fn a_clock_that_is_set_while_the_index_runs_makes_nobody_forgotten() {
    let instant = Instant::now();
    let mut world = world();
    let mut presence = start(&world, 0, instant);
    presence.heard(peer(1), at(100), instant);
    // A year later by the wall, three minutes by the sun.
    let year = 365 * 24 * 3600;
    world.apply(Record::PeerLeft {
        at: at(year).into(),
        id: peer(1),
    });
    let left = instant + Duration::from_mins(3);
    presence.settle(
        peer(1),
        world.peer_state(&peer(1)).map(|peer| &**peer),
        left,
    );
    assert_forgotten(&presence, &world, left, 30 * DAY);
}
