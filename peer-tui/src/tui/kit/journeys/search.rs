//! Searching: typing, results that wait, marks, filter, history.

use super::super::TestApp;
use super::super::sample::{found_results, hash, result};
use super::wished;
use crate::daemon::command::{Action, ClientMessage, Window};
use crate::daemon::state::{DownloadId, Own, Update, Wish};
use crate::tui::effect::Effect;
use crate::tui::message::Message;

#[test]
fn type_enter_watch() {
    let mut app = TestApp::filled(80, 24);
    app.letters("debian");
    assert_eq!(app.watch().search.expect("a search").query, "debian");
    app.feed();
    app.keys("Enter");
    let actions = app.actions();
    assert_eq!(
        actions,
        [Action::Download {
            wishes: vec![Wish {
                hash: hash("debian-13.1.0-amd64-netinst.iso"),
                size_bytes: 791_674_880,
                path: "debian-13.1.0-amd64-netinst.iso".to_owned(),
                save_as: None,
            }]
        }]
    );
    app.reply(
        1,
        "queued debian.iso",
        Some(Action::Cancel {
            ids: vec![DownloadId(1)],
        }),
    );
    assert!(app.line("queued debian.iso").contains("u undo"));
    app.keys("Esc u");
    assert_eq!(
        app.actions(),
        [Action::Cancel {
            ids: vec![DownloadId(1)]
        }]
    );
    app.wait(5);
    assert!(!app.screen().contains("queued debian.iso"));
}

#[test]
fn each_letter_asks_at_once_and_late_answers_are_dropped() {
    let mut app = TestApp::filled(80, 24);
    app.letters("de");
    let queries: Vec<(u64, String)> = std::mem::take(&mut app.effects)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Send(message) => match *message {
                ClientMessage::Watch(watch) => watch.search.map(|s| (s.generation, s.query)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let texts: Vec<&str> = queries.iter().map(|(_, query)| query.as_str()).collect();
    assert!(texts.ends_with(&["d", "de"]), "{texts:?}");
    let (early, _) = queries[queries.len() - 2].clone();
    let rows = [result("late.iso", 1, 1, Own::None)];
    let update = Update {
        results: Some(found_results(early, &rows, Window { first: 0, count: 9 })),
        ..Update::default()
    };
    app.server(update);
    assert!(!app.screen().contains("late.iso"));
}

#[test]
fn enter_before_the_answer_means_what_was_typed() {
    let mut app = TestApp::filled(80, 24);
    app.letters("handbook");
    app.keys("Enter");
    assert_eq!(app.actions(), []);
    app.feed();
    assert_eq!(wished(&app.actions()), ["debian-handbook.pdf"]);
    app.feed();
    assert_eq!(app.actions(), [], "once is enough");
}

#[test]
fn nothing_moves_under_the_cursor() {
    let mut app = TestApp::new(80, 24);
    app.find(&["b", "d"]);
    assert_eq!(app.selected(), "b");
    app.find(&["a", "b", "d"]);
    assert_eq!(app.selected(), "a", "an untouched cursor stays on top");
    app.keys("Down");
    assert_eq!(app.selected(), "b");
    app.find(&["0", "a", "b", "c", "d", "e"]);
    assert_eq!(app.selected(), "b");
    assert!(
        app.line("waiting")
            .contains("3 new results waiting ( . to merge)")
    );
    assert!(!app.screen().contains(" c "));
    app.keys("Esc .");
    assert_eq!(app.selected(), "b");
    let screen = app.screen();
    for name in ["   0 ", "   c ", "   e "] {
        assert!(screen.contains(name), "{name} in\n{screen}");
    }
    app.find(&["c", "d"]);
    assert_eq!(app.selected(), "b", "a row that is gone stays until asked");
    app.keys("Enter");
    assert_eq!(wished(&app.actions()), ["b"]);
}

#[test]
fn the_filter_form_keeps_what_cannot_be_until_it_is_right() {
    let mut app = TestApp::filled(80, 24);
    app.letters("deb");
    app.keys("^F Tab");
    app.letters("5M");
    app.keys("Tab");
    app.letters("1M");
    app.line("smaller size first");
    let sizes = |app: &TestApp| {
        let search = app.watch().search.expect("a search");
        (search.min_size, search.max_size)
    };
    assert_eq!(sizes(&app), (Some(5 << 20), None), "the last that can be");
    app.keys("Enter");
    assert!(app.model.popup.is_some(), "nothing goes without a word");
    app.letters("x");
    app.keys("Enter");
    app.line("such as 700M or 2G");
    app.keys("BS BS BS Enter");
    assert!(app.model.popup.is_none());
    assert_eq!(sizes(&app), (Some(5 << 20), None));
}

#[test]
fn rows_that_are_gone_say_so_and_go_when_asked() {
    let mut app = TestApp::new(120, 36);
    app.find(&["a", "b", "c"]);
    app.keys("Esc j");
    app.find(&["a"]);
    assert_eq!(app.selected(), "b");
    let line = app.line("2 gone");
    assert!(line.contains("2 gone ( . takes away)"), "{line}");
    for name in ["b", "c"] {
        let row = app.line(&format!(" {name} "));
        assert!(row.contains(" 0 "), "{row}");
    }
    assert_ne!(app.style_of("c   "), app.style_of("a   "), "dimmed");
    app.wait(1);
    app.line("nobody who is online has it any more");
    app.find(&["a", "c"]);
    app.line("1 gone");
    app.keys(".");
    assert_eq!(app.model.search.list.total(), 2);
    assert!(!app.screen().contains("gone"));
}

#[test]
fn a_long_list_is_scrolled_through_windows() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc G");
    assert!(app.watch().search.expect("a search").window.first > 0);
    app.feed();
    assert_eq!(app.selected(), "debian-archive-36.deb");
    app.keys("g");
    app.feed();
    assert_eq!(app.selected(), "debian-13.1.0-amd64-netinst.iso");
    let window = app.watch().search.expect("a search").window;
    app.keys("j j k");
    assert_eq!(
        app.watch().search.expect("a search").window,
        window,
        "steps ask for nothing"
    );
}

#[test]
fn marks_are_downloaded_together() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Tab Down Tab");
    assert!(app.line("2 marked").contains("more below"));
    app.keys("Enter");
    assert_eq!(
        wished(&app.actions()),
        [
            "debian-13.1.0-amd64-netinst.iso",
            "debian-12.11.0-amd64-netinst.iso"
        ]
    );
    app.keys("Esc g v j j v");
    assert_eq!(app.model.search.list.mark_count(), 3);
    app.keys("Esc");
    assert_eq!(app.model.search.list.mark_count(), 0);
}

#[test]
fn marks_outlive_a_new_query() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Tab");
    app.letters("handbook");
    app.feed();
    app.keys("Tab Enter");
    assert_eq!(
        wished(&app.actions()),
        ["debian-13.1.0-amd64-netinst.iso", "debian-handbook.pdf"]
    );
}

#[test]
fn a_paste_never_runs_commands() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc");
    app.take(Message::Paste("q\rQy\n".to_owned()));
    assert_eq!(app.actions(), []);
    app.keys("/");
    app.take(Message::Paste("two\nlines\r".to_owned()));
    assert_eq!(app.watch().search.expect("a search").query, "two lines");
    assert_eq!(app.actions(), []);
}

#[test]
fn the_search_filter_applies_while_it_is_filled_in() {
    let mut app = TestApp::filled(80, 24);
    app.keys("^F v Tab");
    app.letters("700M");
    app.keys("Enter");
    let search = app.watch().search.expect("a search");
    assert_eq!(
        search.category.map(protocol::category::Category::as_str),
        Some("video")
    );
    assert_eq!(search.min_size, Some(700 << 20));
    assert!(app.line("Search >").contains("filtered"));
}

#[test]
fn earlier_searches_come_back() {
    let mut app = TestApp::filled(80, 24);
    app.letters("handbook");
    app.feed();
    app.keys("Enter ^U");
    app.feed();
    app.keys("↑");
    assert_eq!(app.watch().search.expect("a search").query, "handbook");
}

#[test]
fn what_was_corrected_and_what_was_cut_is_said_under_the_prompt() {
    for (width, height) in [(120, 36), (80, 24), (60, 16)] {
        let mut app = TestApp::filled(width, height);
        app.letters("holidy");
        let search = app.watch().search.expect("a search");
        let rows = [result("holiday.jpg", 1 << 20, 2, Own::None)];
        let mut results = found_results(search.generation, &rows, search.window);
        results.corrected = Some("holi\u{202e}day".to_owned());
        let update = |results| Update {
            results: Some(results),
            ..Update::default()
        };
        app.server(update(results.clone()));
        let line = app.line("nothing for holidy");
        assert!(line.contains("showing holi<U+202E>day"), "{line}");
        results.corrected = None;
        (results.is_cut, results.total_is_exact) = (true, false);
        app.server(update(results.clone()));
        assert!(!app.screen().contains("nothing for"));
        assert!(app.screen().contains("more letters find the rest"));
        assert!(app.screen().contains("1+ files"));
        results.rows.clear();
        results.total = 0;
        app.server(update(results));
        assert!(
            app.screen()
                .contains("Too many names to look through for holidy")
        );
    }
}

#[test]
fn a_name_that_is_cut_stands_whole_in_the_pane() {
    let mut app = TestApp::filled(80, 24);
    let name = format!("{}.mkv", "文long ".repeat(30));
    let row = result(&name, 4, 1, Own::None);
    let search = app.watch().search.expect("a search");
    app.server(Update {
        results: Some(found_results(search.generation, &[row], search.window)),
        ..Update::default()
    });
    app.keys("Esc i");
    let screen = app.screen();
    let pane = screen.split("── 文long").nth(1).expect("a pane");
    let shown: String = pane
        .lines()
        .skip(1)
        .take_while(|line| !line.contains("Size"))
        .map(|line| line.chars().skip(11).collect::<String>())
        .collect();
    let bare = |text: &str| text.replace(' ', "");
    assert_eq!(bare(&shown), bare(&name), "{screen}");
}

#[test]
fn all_second_keys_are_seen_on_a_narrow_screen() {
    let mut app = TestApp::filled(40, 12);
    app.keys("Alt+2");
    app.feed();
    app.keys("s");
    let screen = app.screen();
    for choice in ["t state", "p progress", "a added", "Esc back"] {
        assert!(screen.contains(choice), "{choice} in\n{screen}");
    }
}

#[test]
fn inverting_marks_takes_rows_that_were_never_scrolled_to() {
    let mut app = TestApp::filled(80, 24);
    let rows: Vec<_> = (0..300)
        .map(|number| result(&format!("track {number}"), 4, 1, Own::None))
        .collect();
    let show = |app: &mut TestApp| {
        let search = app.watch().search.expect("a search");
        app.server(Update {
            results: Some(found_results(search.generation, &rows, search.window)),
            ..Update::default()
        });
    };
    show(&mut app);
    app.keys("Esc j Space");
    let narrow = app.watch().search.expect("a search").window.count;
    app.keys("*");
    show(&mut app);
    assert!(app.screen().contains("299 marked"), "{}", app.screen());
    assert_eq!(app.watch().search.expect("a search").window.count, narrow);
    show(&mut app);
    app.keys("Enter");
    let actions = app.actions();
    let [Action::Download { wishes }] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert_eq!(wishes.len(), 299);
    assert!(!wishes.iter().any(|wish| wish.path == "track 1"));
}

#[test]
fn a_count_is_not_told_of_a_search_that_failed() {
    let mut app = TestApp::filled(80, 24);
    app.letters("x");
    let search = app.watch().search.expect("a search");
    let mut results = found_results(search.generation, &[], search.window);
    results.trouble = Some("index http://nas:7070: connection refused".to_owned());
    app.server(Update {
        results: Some(results),
        ..Update::default()
    });
    let screen = app.screen();
    assert!(screen.contains("! index http://nas:7070"), "{screen}");
    assert!(!screen.contains("0 files"), "{screen}");
}

#[test]
fn a_corrected_query_is_told_on_the_smallest_screen_too() {
    for (size, words) in [
        ((40, 12), "showing debian"),
        ((80, 24), "nothing for debain"),
    ] {
        let mut app = TestApp::filled(size.0, size.1);
        app.letters("debain");
        let search = app.watch().search.expect("a search");
        let rows = [result("debian.iso", 4, 1, Own::None)];
        let mut results = found_results(search.generation, &rows, search.window);
        results.corrected = Some("debian".to_owned());
        app.server(Update {
            results: Some(results),
            ..Update::default()
        });
        assert!(app.screen().contains(words), "{}", app.screen());
    }
}
