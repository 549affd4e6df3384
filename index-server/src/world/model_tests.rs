//! Random commands against the naive model, and the three ways to the same world: live, by replay,
//! and by a snapshot and the records after it.

use proptest::prelude::*;
use protocol::ids::PeerId;
use protocol::peer::Outcome;
use protocol::query::Query;
use protocol::search::SearchParams;

use super::model::Model;
use super::snapshot::Still;
use super::{Files, PlainFiles, World};
use crate::catalog::Catalog;
use crate::catalog::stored::Part;
use crate::command::{Actor, Answer, Command, FileChange, Refusal, Register};
use crate::decide::kit::{
    actor, add, add_partial, at, change, download, file, heartbeat, host, keyed, leave, peer, rate,
    register, remove, report, unkeyed,
};
use crate::decide::{Draft, Overdue, Rules, decide};
use crate::record::Record;

/// The world of a still whose files went by way of their bytes.
fn put_down_and_taken_up(still: &Still) -> World<Catalog> {
    let parts = still.files().parts().into_iter();
    let again = parts.map(|part| Part::from_bytes(&part.bytes(), &part.dead_bytes()));
    let again: Option<Vec<Part>> = again.collect();
    let (slots, totals) = (still.files().owner_slots(), still.totals().to_vec());
    let parts = again.expect("bytes of parts");
    let (mut world, _) = World::restore(slots, totals, parts);
    for record in still.records_beside_files() {
        world.apply(record);
    }
    world
}

/// A command, and who is overdue where it is a sweep.
type Step = (Command, Overdue);

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["x", "y", "z"])
}

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "dir/c", "dir/d"])
}

fn file_change() -> impl Strategy<Value = FileChange> {
    prop_oneof![
        4 => (path(), name()).prop_map(|(path, name)| add(path, name)),
        1 => (path(), name()).prop_map(|(path, name)| add_partial(path, name)),
        1 => (1..4u8, name()).prop_map(|(number, name)| remove(number, name, None)),
        2 => (1..4u8, name(), path())
            .prop_map(|(number, name, path)| remove(number, name, Some(path))),
    ]
}

/// Registers by key, without one, and without one under an id that is or is not one's own.
fn registration() -> impl Strategy<Value = Register> {
    (1..4u8, 1..4u8, 0..3u8).prop_map(|(number, other, kind)| match kind {
        0 => keyed(number),
        1 => unkeyed(number),
        _ => Register {
            id: Some(peer(other | 0x80)),
            ..unkeyed(number)
        },
    })
}

fn plain_actor(number: u8) -> Actor {
    Actor {
        peer: peer(number | 0x80),
        remote: host(number),
        token: None,
    }
}

fn overdue() -> impl Strategy<Value = Overdue> {
    let who = || prop::collection::vec((1..4u8, any::<bool>()), 0..3);
    (who(), who()).prop_map(|(silent, stale)| {
        let id = |(number, is_keyed): (u8, bool)| -> PeerId {
            peer(if is_keyed { number } else { number | 0x80 })
        };
        Overdue {
            silent: silent
                .into_iter()
                .map(|who| (id(who), at(7).into()))
                .collect(),
            stale: stale.into_iter().map(id).collect(),
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop::sample::select(vec![Outcome::Ok, Outcome::Corrupt, Outcome::Failed]);
    let changes = || prop::collection::vec(file_change(), 1..6);
    let command = prop_oneof![
        3 => registration().prop_map(Command::Register),
        1 => (1..4u8).prop_map(heartbeat),
        1 => (1..4u8).prop_map(|number| Command::Heartbeat(plain_actor(number))),
        1 => (1..4u8).prop_map(leave),
        8 => (1..4u8, changes()).prop_map(|(number, changes)| change(number, changes)),
        3 => (1..4u8, changes()).prop_map(|(number, changes)| Command::ChangeFiles {
            actor: plain_actor(number),
            changes,
            is_long: false,
        }),
        2 => (1..4u8, 1..4u8, name(), 0..7u8)
            .prop_map(|(number, owner, name, stars)| rate(number, owner, name, stars)),
        2 => (1..4u8, 1..4u8, name(), outcome)
            .prop_map(|(number, about, name, outcome)| report(number, about, name, outcome)),
        2 => (1..4u8, name()).prop_map(|(owner, name)| download(owner, name)),
    ];
    prop_oneof![
        12 => command.prop_map(|command| (command, Overdue::default())),
        1 => overdue().prop_map(|overdue| (Command::Sweep, overdue)),
    ]
}

fn quiet(command: Command) -> Step {
    (command, Overdue::default())
}

/// Decides steps as one batch and applies what came of it.
fn take<F: Files>(
    world: &mut World<F>,
    steps: &[Step],
    now: i64,
) -> (Vec<Record>, Vec<Result<Answer, Refusal>>) {
    let mut draft = Draft::on(world);
    let mut records = Vec::new();
    let mut answers = Vec::new();
    for (command, overdue) in steps {
        let decision = decide(
            command.clone(),
            &mut draft,
            at(now),
            &Rules::default(),
            || overdue.clone(),
        );
        answers.push(decision.map(|decision| {
            records.extend(decision.records);
            decision.answer
        }));
    }
    for record in &records {
        world.apply(record.clone());
    }
    (records, answers)
}

fn rebuilt<F: Files>(records: &[Vec<u8>]) -> World<F> {
    let mut world = World::default();
    for bytes in records {
        world.apply(Record::decode(bytes).expect("decodes"));
    }
    world
}

fn snapshot<F: Files>(world: &World<F>) -> Vec<Record> {
    world.snapshot().collect()
}

fn encode(records: impl IntoIterator<Item = Record>) -> Vec<Vec<u8>> {
    let encode = |record: Record| record.encode().expect("encodes");
    records.into_iter().map(encode).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_world_does_what_the_model_does_in_batches_or_alone(
        steps in prop::collection::vec(step(), 1..50),
        batch_count in 1..12usize,
    ) {
        let mut alone: World<PlainFiles> = World::default();
        let mut batched: World<Catalog> = World::default();
        let mut model = Model::default();
        for (number, batch) in steps.chunks(batch_count).enumerate() {
            let now = i64::try_from(number).expect("small");
            let mut answers = Vec::new();
            for step in batch {
                let (_, mut answer) = take(&mut alone, std::slice::from_ref(step), now);
                let answer = answer.remove(0);
                model.follow(&step.0, &step.1, &answer);
                prop_assert_eq!(&Model::of(&alone), &model);
                answers.push(answer);
            }
            let (_, batch_answers) = take(&mut batched, batch, now);
            prop_assert_eq!(batch_answers, answers);
            prop_assert_eq!(snapshot(&batched), snapshot(&alone));
        }
        let online = model.peers.values().filter(|is_online| **is_online).count();
        prop_assert_eq!(batched.online_count(), online as u64);
        for id in model.peers.keys() {
            prop_assert_eq!(batched.files().totals(id), alone.files().totals(id));
            prop_assert_eq!(batched.name_count(id), alone.name_count(id));
        }
    }

    #[test]
    fn what_a_request_takes_away_and_brings_back_keeps_its_counts(
        requests in prop::collection::vec(prop::collection::vec(file_change(), 1..9), 1..12),
        is_batch in any::<bool>(),
    ) {
        let mut live: World<Catalog> = World::default();
        let mut model = Model::default();
        let mut journal = Vec::new();
        let mut steps: Vec<Step> = [1, 2].map(|number| quiet(register(number))).into();
        for changes in requests {
            steps.push(quiet(change(1, changes)));
            for name in ["x", "y", "z"] {
                steps.push(quiet(download(1, name)));
                steps.push(quiet(rate(2, 1, name, 4)));
            }
        }
        for batch in steps.chunks(if is_batch { 9 } else { 1 }) {
            let (records, answers) = take(&mut live, batch, 0);
            journal.extend(encode(records));
            for (step, answer) in batch.iter().zip(&answers) {
                model.follow(&step.0, &step.1, answer);
            }
            prop_assert_eq!(&Model::of(&live), &model);
            prop_assert_eq!(live.name_count(&peer(1)), model.name_count());
        }
        prop_assert_eq!(snapshot(&rebuilt::<PlainFiles>(&journal)), snapshot(&live));
    }

    #[test]
    fn replay_and_snapshot_lead_to_the_same_world(
        steps in prop::collection::vec(step(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut live: World<Catalog> = World::default();
        let mut records = Vec::new();
        let mut half_way = None;
        let cut = cut.index(steps.len());
        for (number, step) in steps.iter().enumerate() {
            if number == cut {
                half_way = Some((live.still(), encode(live.snapshot()), records.len()));
            }
            let now = i64::try_from(number).expect("small");
            let (made, _) = take(&mut live, std::slice::from_ref(step), now);
            records.extend(encode(made));
        }
        let expected = snapshot(&live);
        prop_assert_eq!(snapshot(&rebuilt::<Catalog>(&records)), expected.clone());
        prop_assert_eq!(snapshot(&rebuilt::<PlainFiles>(&records)), expected.clone());
        // Written down only now: what came since must not show in it.
        let (still, folded, count) = half_way.expect("cut before the end");
        for mut half_way in [encode(still.records()), folded] {
            half_way.extend_from_slice(&records[count..]);
            prop_assert_eq!(snapshot(&rebuilt::<Catalog>(&half_way)), expected.clone());
        }
        let mut taken_up = put_down_and_taken_up(&still);
        for record in &records[count..] {
            taken_up.apply(Record::decode(record).expect("just written"));
        }
        prop_assert_eq!(snapshot(&taken_up), expected);
        let held = |world: &mut World<Catalog>| {
            let view = world.files_mut().view();
            let all = view.search(&Query::parse("").expect("a query"), &SearchParams::default());
            let all = all.expect("a page").hits.into_iter().map(|hit| (hit.entry(), hit.sources));
            (all.collect::<Vec<_>>(), view.file_count(), view.byte_count())
        };
        prop_assert_eq!(held(&mut taken_up), held(&mut live));
        for number in 1..4 {
            let (one, other) = (peer(number), peer(number | 0x80));
            for owner in [one, other] {
                prop_assert_eq!(taken_up.files().totals(&owner), live.files().totals(&owner));
                prop_assert_eq!(taken_up.name_count(&owner), live.name_count(&owner));
            }
        }
    }

    #[test]
    fn any_records_in_any_order_are_applied_without_harm(
        steps in prop::collection::vec(step(), 1..40),
        seed in any::<u64>(),
    ) {
        let mut live: World<PlainFiles> = World::default();
        let (mut records, _) = take(&mut live, &steps, 0);
        records.extend(live.snapshot());
        // A turn and a stride are shuffle enough to tear causes from effects.
        let count = records.len();
        let turn = usize::try_from(seed % count as u64).expect("small");
        records.rotate_left(turn);
        records.reverse();
        let mut plain: World<PlainFiles> = World::default();
        let mut searchable: World<Catalog> = World::default();
        for record in &records {
            plain.apply(record.clone());
            searchable.apply(record.clone());
        }
        prop_assert_eq!(snapshot(&searchable), snapshot(&plain));
        let made_searchable = plain.into_searchable();
        prop_assert_eq!(snapshot(&made_searchable), snapshot(&searchable));
        for peer in searchable.peers().map(|(peer, _)| peer) {
            let totals = made_searchable.files().totals(peer);
            prop_assert_eq!(totals, searchable.files().totals(peer));
        }
    }
}

#[test]
fn votes_of_a_record_go_with_it_even_within_a_batch() {
    let mut world: World<PlainFiles> = World::default();
    let start = [
        quiet(Command::Register(keyed(1))),
        quiet(Command::Register(keyed(2))),
        quiet(Command::Register(keyed(3))),
        quiet(change(1, vec![add("a", "x")])),
        quiet(rate(2, 1, "x", 1)),
        quiet(rate(3, 1, "x", 1)),
    ];
    take(&mut world, &start, 0);
    let again = [
        quiet(change(1, vec![remove(1, "x", None), add("a", "x")])),
        quiet(rate(2, 1, "x", 5)),
        quiet(rate(3, 1, "x", 5)),
    ];
    let (_, answers) = take(&mut world, &again, 1);
    let Ok(Answer::Rated(told)) = &answers[2] else {
        panic!("{answers:?}");
    };
    assert_eq!((told.votes, told.rating), (2, 5.0));
    let entry = world.files().get(&file(1, "x")).expect("there");
    assert_eq!((entry.rating_sum, entry.rating_votes), (10, 2));
    assert_eq!(actor(1).peer, entry.owner);
}
