//! What a person may do to downloads, as a value: one order for many of them.
//!
//! Knows neither the queue that obeys nor the socket that asks.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a person may do to downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the methods of the handle")]
pub enum Change {
    Pause,
    Resume,
    Cancel,
    Restore,
    Remove,
    Retry,
    MoreSources,
    Prioritise(i8),
    SetPriority(i8),
    Move(Move),
    Limit(Option<u64>),
}

/// Where a download is moved to, among those of the same priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Move {
    Top,
    Up,
    Down,
    Bottom,
}
