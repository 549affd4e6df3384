//! The schedule as a property over random swarms, and its preferences one by one.

use proptest::prelude::*;

use super::*;

const PIECE: u64 = 256 * 1024;

fn layout(count: u32) -> PieceLayout {
    PieceLayout::of_size(u64::from(count) * PIECE)
}

fn set(layout: PieceLayout, numbers: &[u32]) -> PieceSet {
    let mut set = PieceSet::none(layout.count());
    for number in numbers {
        set.insert(layout.piece(*number).expect("a piece of the layout"));
    }
    set
}

fn run_of(layout: PieceLayout, number: u32) -> Run {
    Run {
        pieces: layout.piece(number).into_iter().collect(),
    }
}

fn numbers(run: Option<Run>) -> Vec<u32> {
    let pieces = run.map(|run| run.pieces).unwrap_or_default();
    pieces.into_iter().map(PieceIndex::as_u32).collect()
}

#[test]
fn the_rarest_piece_goes_first() {
    let layout = layout(4);
    let mut scheduler = Scheduler::new(layout, PieceSet::none(4));
    scheduler.set_source(SourceKey(0), PieceSet::all(4));
    scheduler.set_source(SourceKey(1), set(layout, &[0, 1, 3]));
    assert_eq!(numbers(scheduler.next(SourceKey(0))), [2]);
    assert_eq!(numbers(scheduler.next(SourceKey(1))), [0]);
}

#[test]
fn a_fast_source_gets_longer_runs_but_not_all() {
    let layout = layout(40);
    let mut scheduler = Scheduler::new(layout, PieceSet::none(40));
    scheduler.set_source(SourceKey(0), PieceSet::all(40));
    scheduler.set_source(SourceKey(1), PieceSet::all(40));
    assert_eq!(
        numbers(scheduler.next(SourceKey(1))),
        [0],
        "an unknown one starts small"
    );
    scheduler.set_rate(SourceKey(0), 100 * 1024 * 1024);
    assert_eq!(
        numbers(scheduler.next(SourceKey(0))),
        (1..=10).collect::<Vec<_>>()
    );
}

#[test]
fn a_fast_source_takes_over_from_a_slow_one_at_the_end() {
    let layout = layout(2);
    let mut scheduler = Scheduler::new(layout, PieceSet::none(2));
    scheduler.set_source(SourceKey(0), PieceSet::all(2));
    scheduler.set_source(SourceKey(1), PieceSet::all(2));
    assert_eq!(numbers(scheduler.next(SourceKey(0))), [0]);
    assert_eq!(numbers(scheduler.next(SourceKey(1))), [1]);
    scheduler.done(layout.piece(1).expect("in the layout"));
    scheduler.release(SourceKey(1), &run_of(layout, 1));
    assert_eq!(
        numbers(scheduler.next(SourceKey(1))),
        [] as [u32; 0],
        "not known to be faster"
    );
    scheduler.set_rate(SourceKey(0), 1_000);
    scheduler.set_rate(SourceKey(1), 2_001);
    assert_eq!(numbers(scheduler.next(SourceKey(1))), [0]);
    assert_eq!(
        numbers(scheduler.next(SourceKey(1))),
        [] as [u32; 0],
        "twice is enough"
    );
}

#[test]
fn what_a_lost_source_was_fetching_is_open_again() {
    let mut scheduler = Scheduler::new(layout(1), PieceSet::none(1));
    scheduler.set_source(SourceKey(0), PieceSet::all(1));
    scheduler.set_source(SourceKey(1), PieceSet::all(1));
    assert_eq!(numbers(scheduler.next(SourceKey(0))), [0]);
    assert_eq!(numbers(scheduler.next(SourceKey(1))), [] as [u32; 0]);
    scheduler.remove_source(SourceKey(0));
    assert_eq!(numbers(scheduler.next(SourceKey(1))), [0]);
}

#[derive(Debug, Clone)]
struct Swarm {
    count: u32,
    /// (rate, holds all, share of runs that fail of 4)
    sources: Vec<(u64, bool, u8)>,
    order: Vec<u8>,
}

fn swarms() -> impl Strategy<Value = Swarm> {
    let source = (0..50_000_000_u64, any::<bool>(), 0..4_u8);
    let sources = proptest::collection::vec(source, 1..6);
    (
        1..80_u32,
        sources,
        proptest::collection::vec(any::<u8>(), 400),
    )
        .prop_map(|(count, mut sources, order)| {
            sources[0].1 = true;
            sources[0].2 = 0;
            Swarm {
                count,
                sources,
                order,
            }
        })
}

proptest! {
    #[test]
    fn every_piece_comes_and_is_never_asked_of_more_than_two_at_once(swarm in swarms()) {
        let layout = layout(swarm.count);
        let mut scheduler = Scheduler::new(layout, PieceSet::none(swarm.count));
        let mut running: BTreeMap<SourceKey, Run> = BTreeMap::new();
        for (key, (rate, is_whole, _)) in (0..).map(SourceKey).zip(&swarm.sources) {
            let every_third = layout.pieces().filter(|piece| piece.as_u32() % 3 == 0);
            let some: Vec<_> = every_third.map(PieceIndex::as_u32).collect();
            let holds = if *is_whole { PieceSet::all(swarm.count) } else { set(layout, &some) };
            scheduler.set_source(key, holds);
            scheduler.set_rate(key, *rate);
        }
        let mut steps = swarm.order.iter().cycle();
        for _ in 0..20_000 {
            if scheduler.is_complete() {
                break;
            }
            let dice = *steps.next().unwrap_or(&0);
            let number = u32::from(dice) % u32::try_from(swarm.sources.len()).expect("few");
            let key = SourceKey(number);
            if let Some(run) = running.remove(&key) {
                let fails = dice / 64 < swarm.sources[number as usize].2;
                let taken = if fails { run.pieces.len() / 2 } else { run.pieces.len() };
                run.pieces[..taken].iter().for_each(|piece| scheduler.done(*piece));
                scheduler.release(key, &run);
            } else if let Some(run) = scheduler.next(key) {
                for piece in &run.pieces {
                    prop_assert!(scheduler.wants(*piece), "never what is there");
                    prop_assert!(swarm.sources[number as usize].1 || piece.as_u32() % 3 == 0);
                    let asked = running.values().filter(|other| other.pieces.contains(piece));
                    prop_assert!(asked.count() < usize::from(CLAIMS_MAX_COUNT));
                }
                running.insert(key, run);
            }
        }
        prop_assert!(scheduler.is_complete());
    }
}

/// What may happen to a schedule; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Holds(u8, Vec<bool>),
    Gone(u8),
    Next(u8),
    Ends(u8, u8),
    Lost(u8),
    Order(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let source = 0..4_u8;
    let step = prop_oneof![
        1 => (source.clone(), proptest::collection::vec(any::<bool>(), 20))
            .prop_map(|(source, holds)| Step::Holds(source, holds)),
        1 => source.clone().prop_map(Step::Gone),
        6 => source.clone().prop_map(Step::Next),
        6 => (source, any::<u8>()).prop_map(|(source, dice)| Step::Ends(source, dice)),
        1 => any::<u8>().prop_map(Step::Lost),
        1 => any::<u32>().prop_map(Step::Order),
    ];
    proptest::collection::vec(step, 1..300)
}

/// Every piece is there, open or claimed, as the runs say, and the counts are those of the sets.
fn check_whole(scheduler: &Scheduler) -> Result<(), TestCaseError> {
    let runs = || scheduler.sources.values().flat_map(|source| &source.runs);
    for piece in scheduler.layout.pieces() {
        let claims = runs().filter(|run| run.pieces.contains(&piece)).count();
        prop_assert_eq!(usize::from(scheduler.claims[piece.as_usize()]), claims);
        prop_assert!(claims <= usize::from(CLAIMS_MAX_COUNT));
        let is_open = scheduler.open.contains(&scheduler.place(piece));
        prop_assert_eq!(is_open, scheduler.wants(piece) && claims == 0);
        let holders = scheduler.sources.values();
        let holders = holders
            .filter(|source| source.holds.contains(piece))
            .count();
        prop_assert_eq!(scheduler.holders[piece.as_usize()] as usize, holders);
    }
    for source in scheduler.sources.values() {
        let open = scheduler.open.iter();
        let open = open
            .filter(|(_, _, piece)| source.holds.contains(*piece))
            .count();
        prop_assert_eq!(source.open_count as usize, open);
    }
    let partial = scheduler.sources.values().filter(|source| !source.is_whole);
    prop_assert_eq!(scheduler.partial_count, partial.count());
    Ok(())
}

proptest! {
    #[test]
    fn every_piece_is_in_exactly_one_state_and_an_open_one_is_given_out(steps in steps()) {
        let layout = layout(20);
        let mut scheduler = Scheduler::new(layout, PieceSet::none(20));
        for step in steps {
            match step {
                Step::Holds(source, holds) => {
                    let numbers: Vec<u32> = (0..20).filter(|number| holds[*number as usize]).collect();
                    scheduler.set_source(SourceKey(source.into()), set(layout, &numbers));
                }
                Step::Gone(source) => scheduler.remove_source(SourceKey(source.into())),
                Step::Next(source) => {
                    let key = SourceKey(source.into());
                    let open = scheduler.open_of(key);
                    prop_assert!(scheduler.next(key).is_some() || open == 0, "it has something to give");
                }
                Step::Ends(source, dice) => {
                    let key = SourceKey(source.into());
                    let known = scheduler.sources.get(&key).and_then(|source| source.runs.first());
                    if let Some(run) = known.cloned() {
                        let came = usize::from(dice) % (run.pieces.len() + 1);
                        run.pieces[..came].iter().for_each(|piece| scheduler.done(*piece));
                        scheduler.release(key, &run);
                    }
                }
                Step::Lost(number) => {
                    if let Some(piece) = layout.piece(u32::from(number) % 20) {
                        scheduler.lost(piece);
                    }
                }
                Step::Order(seed) => {
                    scheduler.set_order((0..20).map(|number| (number * 7 + seed % 20) % 20).collect());
                }
            }
            check_whole(&scheduler)?;
        }
    }
}
