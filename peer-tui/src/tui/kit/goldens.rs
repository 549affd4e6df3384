//! Every screen as text, at the sizes that count, filled, empty and with the link lost.

use ratatui::style::{Color, Modifier, Style};

use super::TestApp;
use crate::daemon::state::Update;
use crate::tui::keymap::Tab;
use crate::tui::message::Message;
use crate::tui::theme::{Glyphs, Theme};

const SIZES: [(u16, u16); 5] = [(120, 36), (80, 24), (60, 16), (40, 12), (20, 5)];

/// A key to each tab, and its name in the snapshots.
const TABS: [(&str, &str); 5] = [
    ("Alt+1", "search"),
    ("Alt+2", "transfers"),
    ("Alt+3", "shares"),
    ("Alt+4", "peers"),
    ("Alt+5", "log"),
];

fn check(app: &mut TestApp, name: &str) {
    let (width, height) = app.model.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), app.screen());
}

fn opened(width: u16, height: u16, keys: &str) -> TestApp {
    let mut app = TestApp::filled(width, height);
    for key in keys.split(' ') {
        app.keys(key);
        app.feed();
    }
    app
}

#[test]
fn filled_screens() {
    for (width, height) in SIZES {
        for (key, name) in TABS {
            check(&mut opened(width, height, key), name);
        }
    }
}

#[test]
fn empty_screens() {
    for (key, name) in TABS {
        let mut app = TestApp::new(80, 24);
        app.keys(key);
        let update = Update {
            header: Some(super::sample::header()),
            ..Update::default()
        };
        app.server(update);
        check(&mut app, &format!("empty_{name}"));
    }
}

#[test]
fn screens_without_a_daemon() {
    for (width, height) in [(120, 36), (80, 24), (40, 12), (20, 5)] {
        for (key, name) in TABS {
            let mut app = opened(width, height, key);
            app.take(Message::LinkLost);
            app.take(Message::LinkFailed("connection refused".to_owned()));
            check(&mut app, &format!("lost_{name}"));
        }
    }
}

#[test]
fn details_of_a_transfer() {
    for (width, height) in [(120, 36), (80, 24), (60, 16), (40, 12)] {
        check(&mut opened(width, height, "Alt+2 Enter"), "details");
    }
}

#[test]
fn pieces_of_a_transfer_full_size() {
    for (width, height) in [(120, 36), (80, 24)] {
        check(
            &mut opened(width, height, "Alt+2 Enter Tab z"),
            "details_pieces",
        );
    }
    check(&mut opened(60, 16, "Alt+2 Enter Tab"), "details_pieces");
}

#[test]
fn files_of_a_peer() {
    for (width, height) in [(120, 36), (80, 24)] {
        check(&mut opened(width, height, "Alt+4 j Enter"), "browse");
        check(
            &mut opened(width, height, "Alt+4 j Enter Enter i"),
            "browse_folder",
        );
    }
}

#[test]
fn what_lies_over_the_screen() {
    for (keys, name) in [
        ("F1", "help"),
        ("^P", "palette"),
        ("^F", "filter"),
        ("^S", "sort"),
        ("Esc ,", "settings"),
        ("Esc Q", "stop"),
        ("Alt+3 a", "add_share"),
        ("Alt+4 c", "connect"),
        ("Esc t", "limit_keys"),
        ("Esc y", "copy_keys"),
        ("Alt+2 s", "sort_keys"),
        ("Alt+2 X", "cancel_for_good"),
    ] {
        check(&mut opened(80, 24, keys), &format!("over_{name}"));
    }
    check(&mut opened(40, 12, "F1"), "over_help");
}

#[test]
fn seven_bits_and_the_console() {
    for (glyphs, name) in [(Glyphs::Ascii, "ascii"), (Glyphs::Cp437, "console")] {
        let mut app = opened(80, 24, "Alt+2");
        app.model.look.glyphs = glyphs;
        check(&mut app, &format!("{name}_transfers"));
        let mut app = opened(80, 24, "Alt+1");
        app.model.look.glyphs = glyphs;
        check(&mut app, &format!("{name}_search"));
        if glyphs == Glyphs::Ascii {
            assert!(app.screen().is_ascii());
        }
    }
}

#[test]
fn styles_carry_what_words_say_too() {
    let mut app = TestApp::filled(120, 36);
    assert_eq!(app.style_of("[1 Search]").fg, Some(Color::Cyan));
    let selected = app.style_of("debian-13.1.0-amd64-netinst.iso");
    assert!(selected.add_modifier.contains(Modifier::REVERSED));
    assert_eq!(app.style_of("invoice_<U+202E>").fg, Some(Color::Yellow));
    assert_eq!(app.style_of("odd name").fg, Some(Color::Yellow));
    app.letters("netinst");
    app.feed();
    let is_underlined = |style: Style| style.add_modifier.contains(Modifier::UNDERLINED);
    assert!(is_underlined(app.style_of("netinst.iso")));
    assert!(!is_underlined(app.style_of("debian-13")));
    let mut app = opened(120, 36, "Alt+2");
    assert_eq!(app.style_of("no source").fg, Some(Color::Yellow));
    assert_eq!(app.style_of("▼").fg, Some(Color::Blue));
    app.take(Message::LinkLost);
    assert_eq!(app.style_of("8.2 MiB/s").fg, Some(Color::DarkGray));
    let banner = app.style_of("! no daemon");
    assert!(banner.add_modifier.contains(Modifier::REVERSED));
}

#[test]
fn mono_screens_have_no_colour() {
    for tab in Tab::ALL {
        let mut app = TestApp::filled(120, 36);
        app.keys(&format!("Alt+{}", tab.index() + 1));
        app.feed();
        app.model.is_mono = true;
        app.model.look.theme = Theme::Dark;
        let frame = app.frame();
        let plain = frame
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset);
        assert!(plain, "{tab:?}");
    }
}

#[test]
fn a_step_of_the_cursor_changes_few_cells() {
    let mut app = TestApp::filled(120, 36);
    app.keys("Esc");
    let before = app.frame().clone();
    app.keys("j");
    let changed = before.diff(app.frame()).len();
    assert!(changed < 130, "{changed} cells");
}
