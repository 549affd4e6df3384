//! Slots against a model: never too many out, the right one next, nobody left behind.

use proptest::prelude::*;

use super::*;

fn client(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    IpAddr::from([10, 0, high, low])
}

#[derive(Debug, Clone)]
enum Step {
    Ask { client: u16, holders: u32 },
    Sent { slot: usize, bytes: u64 },
    GiveBack { slot: usize },
    Leave { place: usize },
    Pass { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..9_u16, 0..4_u32).prop_map(|(client, holders)| Step::Ask { client, holders }),
        2 => (0..100_usize, 0..8_000_000_u64).prop_map(|(slot, bytes)| Step::Sent { slot, bytes }),
        2 => (0..100_usize).prop_map(|slot| Step::GiveBack { slot }),
        1 => (0..100_usize).prop_map(|place| Step::Leave { place }),
        1 => (0..20_000_u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// Slots that are held, requests that wait (ticket, client, holders), bytes sent to each client with
/// their times.
#[derive(Default)]
struct Model {
    held: Vec<u16>,
    waiting: Vec<(Ticket, u16, u32)>,
    sent: Vec<(u16, u64, Instant)>,
}

impl Model {
    fn held_by(&self, of: u16) -> usize {
        self.held.iter().filter(|client| **client == of).count()
    }

    fn share(&self, of: u16, now: Instant) -> f64 {
        let sent = self.sent.iter().filter(|(client, ..)| *client == of);
        let lately = sent.map(|(_, bytes, at)| {
            let halvings = (now - *at).as_secs_f64() / 10.0;
            *bytes as f64 / halvings.exp2()
        });
        lately.sum::<f64>() / 1_048_576.0 + self.held_by(of) as f64
    }
}

proptest! {
    #[test]
    fn never_too_many_are_out_and_the_smallest_share_comes_next(
        steps in proptest::collection::vec(step(), 1..300),
        total in 1_usize..6,
        per_client in 1_usize..4,
    ) {
        let mut now = Instant::now();
        let mut table = SlotTable::new(total, per_client);
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Ask { client: of, holders } => match table.ask(client(of), holders, now) {
                    Asked::Granted => model.held.push(of),
                    Asked::Waits { ticket, instead_of } => {
                        model.waiting.push((ticket, of, holders));
                        if let Some(out) = instead_of {
                            prop_assert!(model.waiting.len() > ROW_MIN_COUNT, "there was room");
                            prop_assert!(out != ticket);
                            model.waiting.retain(|(ticket, ..)| *ticket != out);
                        }
                    }
                    Asked::Refused => {
                        let own = model.waiting.iter().filter(|(_, client, _)| *client == of);
                        let is_own_row_full = own.count() == per_client;
                        prop_assert!(is_own_row_full || model.waiting.len() == ROW_MIN_COUNT);
                    }
                },
                Step::Sent { slot, bytes } if !model.held.is_empty() => {
                    let of = model.held[slot % model.held.len()];
                    table.sent(client(of), bytes, now);
                    model.sent.push((of, bytes, now));
                }
                Step::GiveBack { slot } if !model.held.is_empty() => {
                    let of = model.held.swap_remove(slot % model.held.len());
                    table.give_back(client(of));
                }
                Step::Leave { place } if !model.waiting.is_empty() => {
                    let (ticket, ..) = model.waiting.swap_remove(place % model.waiting.len());
                    table.withdraw(ticket);
                }
                Step::Pass { ms } => now += Duration::from_millis(ms),
                _ => {}
            }
            while let Some((ticket, _)) = table.grant(now) {
                let place = model.waiting.iter().position(|(of, ..)| *of == ticket);
                let (_, of, holders) = model.waiting.swap_remove(place.expect("it waited"));
                for (_, other, fewer) in &model.waiting {
                    if *other != of && model.held_by(*other) < per_client {
                        let (mine, theirs) = (model.share(of, now), model.share(*other, now));
                        prop_assert!(mine < theirs + 1.001, "{mine} before {theirs}");
                    } else if *other == of {
                        prop_assert!(holders <= *fewer, "the rarer piece comes first");
                    }
                }
                model.held.push(of);
            }
            prop_assert!(model.held.len() <= total);
            prop_assert!((0..9).all(|of| model.held_by(of) <= per_client));
            prop_assert!(model.waiting.len() <= ROW_MIN_COUNT);
            prop_assert_eq!(table.usage(), (model.held.len(), total));
            let is_free = model.held.len() < total;
            let able = model.waiting.iter().any(|(_, of, _)| model.held_by(*of) < per_client);
            prop_assert!(!(is_free && able), "a slot is free while somebody could use it");
        }
    }

    /// More clients than slots that always want more, some of them many pieces at once: all get
    /// the same.
    #[test]
    fn nobody_starves_and_asking_more_brings_no_more(
        eagerness in proptest::collection::vec(1_usize..9, 2..8),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 600),
        total in 1_usize..5,
    ) {
        let total = total.min(eagerness.len() - 1);
        let mut now = Instant::now();
        let mut table = SlotTable::new(total, 2);
        let mut held: Vec<u16> = Vec::new();
        let (mut waiting, mut got) = (HashMap::new(), vec![0_u32; eagerness.len()]);
        for place in order {
            for (number, eager) in (0_u16..).zip(&eagerness) {
                let of = |list: &mut dyn Iterator<Item = &u16>| list.filter(|of| **of == number).count();
                let open = of(&mut held.iter()) + of(&mut waiting.values());
                for _ in open..*eager {
                    match table.ask(client(number), u32::from(number), now) {
                        Asked::Granted => held.push(number),
                        Asked::Waits { ticket, instead_of } => {
                            waiting.insert(ticket, number);
                            instead_of.map(|out| waiting.remove(&out));
                        }
                        Asked::Refused => {}
                    }
                }
            }
            let done = held.swap_remove(place.index(held.len()));
            table.sent(client(done), 1 << 20, now);
            got[usize::from(done)] += 1;
            table.give_back(client(done));
            now += Duration::from_millis(50);
            while let Some((ticket, _)) = table.grant(now) {
                held.extend(waiting.remove(&ticket));
            }
        }
        let (least, most) = (got.iter().min().unwrap(), got.iter().max().unwrap());
        prop_assert!(most - least <= most / 4 + 8, "{got:?}");
    }
}
