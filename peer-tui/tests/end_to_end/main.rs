//! The real binaries against each other: an index, several peers, real files, a terminal.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and ends"
)]

mod commands;
mod failures;
mod flow;
mod get;
mod here;
mod kit;
mod limits;
mod resting;
mod screen;
mod swarm;
