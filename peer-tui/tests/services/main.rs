//! The real binaries together with programs of the outside world: a terminal in tmux, the
//! downloaders curl and aria2c, the dashboard in chromium, two boxes on one network.
//!
//! A program that is missing fails its test with the name of the package that brings it.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and ends"
)]

mod boxes;
mod chromium;
mod dashboard;
mod downloaders;
mod full_disk;
mod partial;
mod programs;
mod terminal;
mod tmux;
mod two_boxes;

use end_to_end::kit;

/// What starts index and peers, shared with the tests that need nothing else.
#[path = "../end_to_end"]
mod end_to_end {
    #[expect(dead_code, reason = "these tests need a part of it")]
    pub mod kit;
}
