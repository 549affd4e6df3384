//! The Peerdex peer: an engine that shares, serves and fetches files in the background
//! ([`daemon`]), and a full screen that is only a client of it ([`tui`]).
//!
//! The way of a download: key, [`tui`] update, effect, [`daemon::client`], [`fetch`] queue and
//! job, [`index_client`] (who has it), scheduler, source, verify, store.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod discover;
pub mod fetch;
pub mod host;
pub mod identity;
pub mod index_client;
pub mod rate;
pub mod serve;
pub mod share;
pub mod tui;
