//! Small steps: back, another order, too late, all commands, words side by side.

use super::super::TestApp;
use crate::daemon::command::Action;
use crate::daemon::state::{DownloadId, Failure, FailureKind, ServerMessage};
use crate::tui::keymap::Tab;
use crate::tui::message::Message;

fn refused(app: &mut TestApp, number: u64, kind: FailureKind, message: &str) {
    let message = message.to_owned();
    let result = Err(Failure { kind, message });
    let reply = ServerMessage::Reply { number, result };
    app.take(Message::Server(Box::new(reply)));
}

#[test]
fn esc_takes_range_filter_pane_and_query_away_one_after_the_other() {
    let mut app = TestApp::filled(80, 24);
    app.letters("deb");
    app.keys("^F v Tab");
    app.letters("1M");
    app.keys("Enter Esc i Space");
    app.feed();
    let wanted = |app: &TestApp| {
        let search = app.watch().search.expect("a search");
        (
            search.category.is_some() || search.min_size.is_some(),
            search.query,
        )
    };
    let pane = |app: &TestApp| app.model.layout().pane.height > 0;
    assert_eq!(app.model.search.list.mark_count(), 1);
    app.keys("Esc");
    assert_eq!(app.model.search.list.mark_count(), 0);
    assert_eq!((wanted(&app), pane(&app)), ((true, "deb".to_owned()), true));
    app.keys("Esc");
    assert_eq!(
        (wanted(&app), pane(&app)),
        ((false, "deb".to_owned()), true)
    );
    app.keys("Esc");
    assert_eq!(
        (wanted(&app), pane(&app)),
        ((false, "deb".to_owned()), false)
    );
    app.keys("Esc");
    assert_eq!(wanted(&app), (false, String::new()));
}

#[test]
fn in_another_order_the_cursor_stays_on_its_row() {
    let mut app = TestApp::new(80, 24);
    app.find(&["c", "a", "b", "d"]);
    app.keys("Esc j j");
    assert_eq!(app.selected(), "b");
    app.keys("s n");
    assert_eq!(app.selected(), "b", "before the answer too");
    app.find(&["a", "b", "c", "d"]);
    assert_eq!(app.selected(), "b");
    assert_eq!(app.model.search.list.cursor(), 1);
    app.keys("s s");
    app.find(&["x", "y"]);
    assert_eq!(app.selected(), "x", "where it is not at hand: the top");
    app.keys("j /");
    app.letters("q");
    app.find(&["q1", "y"]);
    assert_eq!(app.selected(), "q1", "another question starts at the top");
}

#[test]
fn an_undo_that_comes_too_late_says_so() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("x");
    let ids = vec![DownloadId(1)];
    app.reply(1, "cancelled", Some(Action::Restore { ids }));
    app.keys("u");
    let words = "there is no download 1";
    refused(&mut app, 2, FailureKind::NotFound, words);
    app.line("too late to undo that");
    assert!(!app.screen().contains(words));
    app.keys("p");
    refused(&mut app, 3, FailureKind::NotFound, words);
    app.line(words);
}

#[test]
fn what_cannot_be_undone_says_so_and_undoes_nothing_else() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("p");
    let ids = vec![DownloadId(1)];
    app.reply(
        1,
        "paused 1 download",
        Some(Action::Resume { ids: ids.clone() }),
    );
    app.keys("G X");
    app.line("Take 1 download off the list?");
    app.line("What was downloaded stays in its folder.");
    app.line("[y] take off");
    app.actions();
    app.keys("y");
    let gone = vec![DownloadId(6)];
    assert_eq!(app.actions(), [Action::Remove { ids: gone }]);
    app.reply(2, "taken off the list: 1 download", None);
    app.keys("u");
    assert_eq!(app.actions(), []);
    app.line("What was taken off the list does not come back.");
    app.line("before it.");
    app.keys("u");
    assert_eq!(app.actions(), [Action::Resume { ids }]);
}

#[test]
fn what_has_arrived_is_deleted_for_good() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("X");
    app.line("Cancel 1 download and delete what has arrived?");
    app.keys("y");
    let ids = || vec![DownloadId(1)];
    let both = [Action::Cancel { ids: ids() }, Action::Remove { ids: ids() }];
    assert_eq!(app.actions(), both);
    app.reply(
        1,
        "cancelled 1 download",
        Some(Action::Restore { ids: ids() }),
    );
    assert!(!app.screen().contains("u undo"));
    app.reply(2, "taken off the list: 1 download", None);
    app.keys("u");
    app.line("does not come back.");
    app.keys("u");
    app.line("nothing to undo");
}

#[test]
fn only_what_the_log_has_is_counted_behind_a_toast() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    app.keys("y n y n");
    app.reply(1, "paused 1 download", None);
    app.keys("y n");
    let line = app.line("copied name");
    assert!(line.contains("(+1, 5 Log)"), "{line}");
}

#[test]
fn toasts_that_wait_are_counted_and_the_log_is_named() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Alt+2");
    app.feed();
    for (number, words) in [(1, "first"), (2, "second"), (3, "third")] {
        refused(&mut app, number, FailureKind::Failed, words);
    }
    let line = app.line("third");
    assert!(line.contains("third (+2, 5 Log)"), "{line}");
}

#[test]
fn the_text_that_a_list_is_filtered_by_keeps_off_what_stands_before_it() {
    for (tab, before) in [("Alt+4", "latency"), ("Alt+3", "at 900 MiB/s")] {
        let mut app = TestApp::filled(120, 36);
        app.keys(tab);
        app.feed();
        app.keys("/");
        app.letters("be");
        app.feed();
        let line = app.line("/ be");
        assert!(!line.contains(&format!("{before}/")), "{line}");
        assert!(line.contains("  / be"), "{line}");
    }
}

#[test]
fn the_palette_lists_commands_of_other_places_and_leads_there() {
    let mut app = TestApp::filled(80, 24);
    app.keys("Esc :");
    app.letters("share a folder");
    let line = app.line("(in Shares)");
    assert!(line.contains("share a folder"), "{line}");
    app.keys("Enter");
    app.feed();
    assert_eq!(app.model.tab, Tab::Shares);
    assert_eq!(app.actions(), []);
    app.line("here: a share a folder");
    app.keys("Alt+1 Esc :");
    app.letters("pause");
    let line = app.line("(in the dock)");
    assert!(line.contains("pause"), "{line}");
}

#[test]
fn the_palette_ranks_whole_words_and_beginnings_first() {
    for (typed, first) in [
        ("paus", "pause, go on"),
        ("pause", "pause, go on"),
        ("undo", "undo the last change"),
        ("stop", "stop the daemon"),
        ("quit", ""),
    ] {
        let app = TestApp::filled(80, 24);
        let found = crate::tui::palette::commands(&app.model, typed);
        let help = found.first().map_or("", |entry| entry.help);
        assert!(help.starts_with(first), "{typed}: {help}");
    }
}

#[test]
fn the_cursor_stays_on_its_source_from_the_first_moment() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Alt+2");
    app.feed();
    app.keys("Enter");
    app.feed();
    let watch = app.watch();
    let first = |app: &TestApp| {
        let view = app.model.details.as_ref().expect("details");
        view.source().expect("a source").peer
    };
    let before = first(&app);
    let mut update = crate::tui::kit::sample::answer(&watch);
    let detail = update.transfer.as_mut().expect("a transfer");
    detail.sources.swap(0, 1);
    app.server(update);
    assert_eq!(first(&app), before, "nobody has moved it");
}
