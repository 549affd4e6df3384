//! The house rules that a machine can check, over every Rust file of the workspace.
//!
//! What they are for stands in CONTRIBUTING.md and ARCHITECTURE.md; a change that moves a wall
//! changes [`walls`] and ARCHITECTURE.md together. Pure std, so that it compiles in a second.

mod rules;
mod source;
mod walls;

use source::Source;

/// Fails with one line per violation: where, what, and the remedy.
#[track_caller]
fn check(rule: impl Fn(&Source) -> Vec<String>) {
    let sources = source::workspace();
    assert!(sources.len() > 20, "the workspace was not found");
    let found: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    check(rules::opening);
}

#[test]
fn no_file_is_longer_than_a_mind_holds() {
    check(rules::length);
}

#[test]
fn modules_are_named_by_nouns() {
    check(rules::module_names);
}

#[test]
fn tests_wait_on_conditions_and_never_sleep() {
    check(rules::sleeps);
}

#[test]
fn imports_go_only_where_the_architecture_lets_them() {
    check(walls::crossings);
}

#[test]
fn every_wall_stands_around_something() {
    let sources = source::workspace();
    for wall in walls::ALL {
        let stands = sources.iter().any(|source| wall.encloses(source));
        assert!(
            stands,
            "no file lies within {:?}: move the wall with the files",
            wall.within
        );
    }
}

mod planted {
    //! Violations planted in memory: a rule that finds none of them is no rule.

    use super::*;

    #[track_caller]
    fn check_found(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str, expected: &str) {
        let found = rule(&Source::new(path, text)).join("\n");
        assert!(
            found.contains(expected),
            "{path}: {found:?} lacks {expected:?}"
        );
    }

    #[track_caller]
    fn check_clean(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) {
        assert_eq!(
            rule(&Source::new(path, text)),
            Vec::<String>::new(),
            "{path}"
        );
    }

    #[test]
    fn shape() {
        check_found(rules::opening, "a/src/x.rs", "use y;\n", "a/src/x.rs:1");
        check_clean(rules::opening, "a/src/x.rs", "//! It.\n");
        check_found(
            rules::length,
            "a/src/x.rs",
            &"x\n".repeat(401),
            "a/src/x.rs:401",
        );
        check_clean(rules::length, "a/src/x.rs", &"x\n".repeat(400));
        check_found(rules::module_names, "a/src/x/mod.rs", "", "a/src/x/mod.rs");
        check_found(rules::module_names, "a/src/utils/y.rs", "", "utils");
        check_found(
            rules::module_names,
            "a/src/x.rs",
            "\nmod helpers {\n}\n",
            "a/src/x.rs:2",
        );
        check_clean(rules::module_names, "a/src/common_words.rs", "mod model;\n");
    }

    #[test]
    fn sleeps() {
        let sleep = "\n\nstd::thread::sleep(x);\n";
        check_found(rules::sleeps, "a/tests/x.rs", sleep, "a/tests/x.rs:3");
        check_clean(rules::sleeps, "a/src/x.rs", sleep);
        let in_module = format!("#[cfg(test)]\nmod tests {{{sleep}}}");
        check_found(rules::sleeps, "a/src/x.rs", &in_module, "a/src/x.rs:4");
        let imported = "use tokio::{net, time::{Duration, sleep}};\n";
        check_found(rules::sleeps, "a/tests/x.rs", imported, "a/tests/x.rs:1");
        let allowed = "// house: allow sleep, the kernel gives no event\nstd::thread::sleep(x);\n";
        check_clean(rules::sleeps, "a/tests/x.rs", allowed);
    }

    #[test]
    fn crossings() {
        let check = |path: &str, text: &str, expected: &str| {
            check_found(walls::crossings, path, text, expected);
        };
        check(
            "protocol/src/x.rs",
            "use std::{fmt,\n  fs::File};\n",
            "protocol/src/x.rs:1",
        );
        check(
            "protocol/src/x.rs",
            "\nlet x = std::net::TcpStream::connect(y);",
            "x.rs:2",
        );
        check(
            "protocol/src/x.rs",
            "use std::time::Instant;",
            "std::time::Instant",
        );
        check("index-server/src/x.rs", "use peer_tui::daemon;", "peer_tui");
        check(
            "peer-tui/src/daemon.rs",
            "index_server::server::run()",
            "host.rs",
        );
        check(
            "peer-tui/src/tui/view.rs",
            "use crate::{daemon, serve::slots};",
            "crate::serve",
        );
        check(
            "peer-tui/src/tui/view.rs",
            "use super::super::fetch::job;",
            "crate::fetch",
        );
        check("peer-tui/src/share.rs", "use crate::fetch;", "crate::fetch");
        check(
            "peer-tui/src/serve/slots.rs",
            "use crate::fetch as f;",
            "crate::fetch",
        );
        check(
            "peer-tui/src/fetch/job.rs",
            "fn x(y: crate::tui::Model) {}",
            "crate::tui",
        );
        check(
            "index-server/src/http/files.rs",
            "use crate::record::Record;",
            "crate::record",
        );
        check(
            "index-server/src/catalog.rs",
            "pub use crate::http::*;",
            "crate::http",
        );
    }

    #[test]
    fn lawful_paths() {
        let clean = |path: &str, text: &str| check_clean(walls::crossings, path, text);
        clean("peer-tui/src/host.rs", "use index_server::server;");
        clean(
            "peer-tui/src/tui/view.rs",
            "// crate::serve knows it\nuse super::model;",
        );
        clean(
            "peer-tui/src/tui/view.rs",
            "use crate::tui::fetch_bar; let x = \"crate::serve::y\";",
        );
        clean(
            "index-server/src/http.rs",
            "#[cfg(test)]\nmod tests { use crate::journal; }",
        );
        clean(
            "protocol/src/x.rs",
            "use std::net::SocketAddr;\nuse std::time::Duration;",
        );
        clean("protocol/tests/x.rs", "use std::fs;");
    }
}
