//! The index of a Peerdex network: who is here, which files they share, and who is told of it.
//!
//! One way through the house, never a step back: [`http`] reads a request, [`sequencer`] puts it in
//! order, [`decide`] turns it into records, [`journal`] makes them durable, [`world`] applies them,
//! [`catalog`] shows them to readers, [`feed`] tells watchers. Readers use a [`view`] that is
//! swapped in whole and never wait for writers.

pub mod allocator;
pub mod announce;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod decide;
pub mod feed;
pub mod health;
pub mod http;
pub mod identity;
pub mod journal;
pub mod metrics;
pub mod peers;
pub mod record;
pub mod sequencer;
pub mod server;
pub mod shelf;
pub mod telemetry;
pub mod view;
pub mod world;
