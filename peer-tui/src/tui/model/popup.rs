//! What lies over a screen: help, palette, menus, questions, lines to fill in.

use std::path::PathBuf;

use protocol::byte_size::parse_bytes;
use protocol::category::Category;
use protocol::ids::PeerId;

use super::line::Line;
use crate::daemon::command::Action;
use crate::daemon::state::DownloadId;
use crate::tui::keymap::Command;

/// One thing over the screen; keys go to it first.
#[derive(Debug, Clone)]
pub enum Popup {
    /// The keys, narrowed by what was typed.
    Help {
        /// What was typed.
        filter: Line,
        /// First line shown.
        top: usize,
    },
    /// All commands, narrowed by what was typed.
    Palette {
        /// What was typed.
        filter: Line,
        /// Chosen line.
        cursor: usize,
    },
    /// Choices.
    Menu(Menu),
    /// Filter of the search.
    SearchFilter(SearchFilterForm),
    /// A line to fill in.
    Ask {
        /// For what.
        ask: Ask,
        /// What was typed.
        line: Line,
        /// What was wrong with it.
        trouble: Option<String>,
    },
    /// A question whose default is harmless.
    Dialog(Dialog),
    /// The second key of two.
    Chord(Chord),
}

/// What a line is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Ask {
    AddShare,
    Connect,
    Limit(Limited),
}

/// What a limit is set for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limited {
    /// All that comes in.
    Down,
    /// All that goes out.
    Up,
    /// What comes in for each of these.
    Transfers(Vec<DownloadId>),
    /// What comes from one peer.
    FromPeer(PeerId),
    /// What goes to one peer.
    ToPeer(PeerId),
}

/// Two keys, the first of which was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Chord {
    Sort,
    Copy,
    Limit,
    Order,
}

/// Choices under each other.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Title.
    pub title: &'static str,
    /// Lines and what each does.
    pub items: Vec<(String, Choice)>,
    /// Chosen line.
    pub cursor: usize,
}

/// What a line of a menu does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Sorts the list of this tab by the column with that letter.
    Sort(char),
    /// Shows what stands under the filter at this position.
    Filter(usize),
    /// The next theme.
    Theme,
    /// The next glyph set.
    Glyphs,
    /// As if a key were pressed.
    Run(Command),
}

/// Filter of the search while it is edited; applied at once.
#[derive(Debug, Clone)]
pub struct SearchFilterForm {
    /// Only this kind.
    pub category: Option<Category>,
    /// Smallest size as typed.
    pub min_size: Line,
    /// Largest size as typed.
    pub max_size: Line,
    /// Focused field, 0 to 2.
    pub field: usize,
}

impl SearchFilterForm {
    /// Whether the smallest size is larger than the largest one.
    pub fn is_reversed(&self) -> bool {
        let size = |line: &Line| parse_bytes(line.text()).ok();
        let (min, max) = (size(&self.min_size), size(&self.max_size));
        min.zip(max).is_some_and(|(min, max)| min > max)
    }

    /// The first field that is not right.
    pub fn bad_field(&self) -> Option<usize> {
        let is_bad = |line: &Line| !line.is_empty() && parse_bytes(line.text()).is_err();
        match () {
            () if is_bad(&self.min_size) => Some(1),
            () if is_bad(&self.max_size) || self.is_reversed() => Some(2),
            () => None,
        }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// What is asked.
    pub question: String,
    /// More lines.
    pub lines: Vec<String>,
    /// The letter for yes.
    pub letter: char,
    /// What yes does, for the button.
    pub yes: &'static str,
    /// What yes does.
    pub consent: Consent,
}

/// What is done when a person says yes.
#[derive(Debug, Clone)]
pub enum Consent {
    /// Stops the daemon and leaves.
    StopDaemon,
    /// Carries this out.
    Do(Action),
    /// Stops sharing.
    Unshare(PathBuf),
    /// Takes all of these off the list.
    CancelForGood {
        /// Those that are cancelled, and their partial data deleted.
        open: Vec<DownloadId>,
        /// Those that are over: their files stay.
        over: Vec<DownloadId>,
    },
}
