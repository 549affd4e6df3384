//! How a download looks closely: which pieces are there, who gave what, over all the runs it took.
//!
//! Values only.

use protocol::pieces::{PieceLayout, PieceSet};

use super::super::{SourceState, SourceStatus};

/// A download closely.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closely {
    /// One character a piece.
    pub pieces: String,
    /// Sources, who gave most first.
    pub sources: Vec<SourceStatus>,
    /// Notes in words.
    pub notes: Vec<String>,
}

/// The pieces of a download whose sources are not known: what others may read of it is there, and
/// the rest is wanted, or held by nobody.
pub fn pieces_at_rest(layout: PieceLayout, held: Option<&PieceSet>, is_held: bool) -> String {
    let rest = if is_held { '.' } else { '!' };
    let pieces = layout.pieces();
    pieces
        .map(|piece| match held {
            Some(held) if held.contains(piece) => '#',
            _ => rest,
        })
        .collect()
}

impl Closely {
    /// This look behind an earlier one of another run: sources keep what they gave and how often
    /// they failed before, and those who gave something stay listed.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>) -> Self {
        let Some(earlier) = earlier else {
            return self;
        };
        for before in &earlier.sources {
            let mut sources = self.sources.iter_mut();
            match sources.find(|source| source.peer == before.peer) {
                Some(source) => {
                    source.gave_bytes += before.gave_bytes;
                    source.errors += before.errors;
                }
                None if before.gave_bytes > 0 => self.sources.push(at_rest(before)),
                None => {}
            }
        }
        if self.notes.is_empty() {
            self.notes.clone_from(&earlier.notes);
        }
        self
    }

    /// The same once nothing is under way any more.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.pieces = self.pieces.replace('~', ".");
        for source in &mut self.sources {
            *source = at_rest(source);
        }
        self
    }
}

fn at_rest(source: &SourceStatus) -> SourceStatus {
    let state = match source.state {
        SourceState::Connecting | SourceState::Sending => SourceState::Idle,
        state => state,
    };
    SourceStatus {
        state,
        rate_bytes: 0,
        ..source.clone()
    }
}
