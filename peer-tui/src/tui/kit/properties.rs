//! Whatever is pressed and whatever a daemon says: no panic, no selection outside, nothing
//! dangerous on the screen.

use proptest::prelude::*;

use super::TestApp;
use super::sample::{self, found_results, result};
use crate::daemon::command::Window;
use crate::daemon::state::{LogRow, Own, ResultRow, TransferRow, Update};
use crate::tui::keymap::TABLE;
use crate::tui::message::Message;
use crate::tui::model::list::{Identified, List, Page};

const NASTY: [&str; 12] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}.txt",
    "a\u{202e}txt.exe",
    "\u{200b}\u{feff}",
    "line\nbreak\r\ttab",
    "\u{9b}31m",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{301}lone",
    "👩‍👩‍👧‍👦 family.png",
    "文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文文",
    "مرحبا بالعالم.txt",
    "\u{2066}\u{2028}\u{2029}\u{e000}\u{fff9}",
    "",
];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Key(usize),
    Letter(char),
    Size(u16, u16),
    Feed,
    Results(Vec<u8>, usize),
    Lost,
    Up,
    Wait,
    Paste(String),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (0..TABLE.len()).prop_map(Happening::Key),
        3 => proptest::char::range(' ', '~').prop_map(Happening::Letter),
        1 => (1_u16..140, 1_u16..45).prop_map(|(width, height)| Happening::Size(width, height)),
        5 => Just(Happening::Feed),
        3 => (proptest::collection::vec(0_u8..30, 0..40), 0_usize..60)
            .prop_map(|(rows, first)| Happening::Results(rows, first)),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Up),
        1 => Just(Happening::Wait),
        1 => any::<String>().prop_map(Happening::Paste),
    ]
}

fn nasty_rows(picks: &[u8]) -> Vec<ResultRow> {
    let mut rows: Vec<ResultRow> = Vec::new();
    for pick in picks {
        let nasty = NASTY[usize::from(*pick) % NASTY.len()];
        let row = result(&format!("{nasty}{pick}"), u64::from(*pick), 1, Own::None);
        if !rows.iter().any(|other| other.hash == row.hash) {
            rows.push(row);
        }
    }
    rows
}

fn happen(app: &mut TestApp, happening: Happening) {
    match happening {
        Happening::Key(row) => {
            for key in TABLE[row].keys.split(' ').filter(|key| !key.is_empty()) {
                app.keys(key);
            }
        }
        Happening::Letter(letter) => app.letters(&letter.to_string()),
        Happening::Size(width, height) => app.take(Message::Resized(width, height)),
        Happening::Feed => app.feed(),
        Happening::Results(picks, first) => {
            let generation = app.model.search.generation;
            let rows = nasty_rows(&picks);
            let mut results = found_results(
                generation,
                &rows,
                Window {
                    first: 0,
                    count: 99,
                },
            );
            results.first = first;
            app.server(Update {
                results: Some(results),
                ..Update::default()
            });
        }
        Happening::Lost => app.take(Message::LinkLost),
        Happening::Up => app.take(Message::LinkUp),
        Happening::Wait => app.wait(3),
        Happening::Paste(text) => app.take(Message::Paste(text)),
    }
}

fn check_list<R: Identified>(list: &List<R>) {
    assert!(list.cursor() < list.total().max(1), "cursor inside");
    assert!(list.top() <= list.cursor(), "cursor on the screen");
    assert!(
        list.cursor() < list.top() + list.height(),
        "cursor on the screen"
    );
}

fn check_frame(app: &mut TestApp) {
    for cell in &app.frame().content {
        for character in cell.symbol().chars() {
            assert!(!character.is_control(), "{:?}", cell.symbol());
            assert!(
                !matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                    | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}' | '\u{2028}' | '\u{2029}'),
                "{:?}",
                cell.symbol()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn nothing_that_happens_breaks_the_screen(
        happenings in proptest::collection::vec(happening(), 1..60)
    ) {
        let mut app = TestApp::filled(80, 24);
        for one in happenings {
            happen(&mut app, one);
            check_list(&app.model.search.list);
            check_list(&app.model.transfers.list);
            check_list(&app.model.shares.list);
            check_list(&app.model.peers.list);
            check_list(&app.model.log.list);
            check_list(&app.model.dock);
        }
        check_frame(&mut app);
    }

    #[test]
    fn a_held_list_never_moves_a_row(
        pages in proptest::collection::vec(
            (proptest::collection::vec(0_u8..60, 0..40), any::<bool>()), 1..12
        ),
        steps in proptest::collection::vec(-3_isize..6, 12),
    ) {
        let mut list: List<LogRow> = List::default();
        list.set_height(5);
        for ((picks, _), step) in pages.into_iter().zip(steps) {
            let mut numbers: Vec<u64> = picks.into_iter().map(u64::from).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let all: Vec<LogRow> = numbers.into_iter().map(log_row).collect();
            let total = all.len();
            let (first, rows) = sample::cut(&all, list.window());
            let before: Vec<(usize, u64)> = shown(&list);
            let is_held = list.has_moved();
            list.hold(Page { first, rows, total });
            if is_held {
                let after = shown(&list);
                for (position, number) in before {
                    let now = after.iter().find(|(at, _)| *at == position);
                    prop_assert_eq!(now.map(|(_, number)| *number), Some(number));
                }
                let mut seen: Vec<u64> = list.rows().iter().map(|row| row.number).collect();
                seen.sort_unstable();
                let count = seen.len();
                seen.dedup();
                prop_assert_eq!(seen.len(), count, "no row twice");
            }
            if step != 0 {
                list.move_by(step);
            }
        }
    }
}

fn log_row(number: u64) -> LogRow {
    LogRow {
        number,
        at: "2026-11-24T12:00:00Z".parse().expect("a time"),
        level: "info".to_owned(),
        text: String::new(),
    }
}

fn shown(list: &List<LogRow>) -> Vec<(usize, u64)> {
    list.visible()
        .filter_map(|(at, row)| Some((at, row?.number)))
        .collect()
}

#[test]
fn hostile_names_never_reach_the_screen() {
    for (key, size) in [
        ("Alt+1", (120, 36)),
        ("Alt+2", (80, 24)),
        ("Alt+4", (60, 16)),
    ] {
        for nasty in NASTY {
            let mut app = TestApp::filled(size.0, size.1);
            app.keys(key);
            let mut update = sample::answer(&app.watch());
            for row in update
                .results
                .iter_mut()
                .flat_map(|results| &mut results.rows)
            {
                row.name = nasty.to_owned();
                row.owner_name = nasty.to_owned();
                row.path = nasty.to_owned();
            }
            for row in update
                .transfers
                .iter_mut()
                .flat_map(|transfers| &mut transfers.rows)
            {
                if let TransferRow::Up { name, client, .. } = row {
                    nasty.clone_into(name);
                    nasty.clone_into(client);
                }
            }
            for row in update.peers.iter_mut().flat_map(|peers| &mut peers.rows) {
                row.name = nasty.to_owned();
                row.version = nasty.to_owned();
                row.address = nasty.to_owned();
            }
            if let Some(header) = &mut update.header {
                header.share_folder = nasty.to_owned();
                header.join_hint = nasty.to_owned();
            }
            app.server(update);
            check_frame(&mut app);
        }
    }
}
