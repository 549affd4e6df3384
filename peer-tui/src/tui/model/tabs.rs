//! What each tab holds besides what they share.

use std::collections::BTreeSet;

use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::limits::QUERY_MAX_CHARS;
use protocol::search::{Order, Sort};

use super::calm::CalmRows;
use super::line::Line;
use super::list::List;
use crate::daemon::command::{PeerFilter, PeerSort, TransferFilter, TransferSort};
use crate::daemon::state::{
    BrowseRow, LogRow, PeerRow, Peers, ResultRow, ShareRow, Shares, Speed, TransferCounts,
    TransferRow,
};
use crate::daemon::state::{DownloadDetail, DownloadId, SourceStatus};
use crate::tui::keymap::Tab;

/// Characters of a filter line.
const FILTER_MAX_CHARS: usize = 128;

/// Where keys go on the search tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum SearchFocus {
    #[default]
    Prompt,
    List,
    Dock,
}

/// What rows that are waited for are to those that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coming {
    /// Those of another question.
    #[default]
    Anew,
    /// The same ones in another order.
    Reordered,
}

/// Search.
#[derive(Debug)]
pub struct SearchTab {
    /// The query.
    pub prompt: Line,
    /// Where keys go.
    pub focus: SearchFocus,
    /// Results.
    pub list: List<ResultRow>,
    /// Grows with each change of query, filter or sort.
    pub generation: u64,
    /// The generation of the rows that are shown.
    pub shown_generation: u64,
    /// Whether that count is exact.
    pub total_is_exact: bool,
    /// Matches in all.
    pub matches: u64,
    /// What was searched for in place of what is typed.
    pub corrected: Option<String>,
    /// Whether there are more which the index did not get to.
    pub is_cut: bool,
    /// Microseconds it took.
    pub took_us: u64,
    /// Why there are none.
    pub trouble: Option<String>,
    /// Only this kind.
    pub category: Option<Category>,
    /// Bytes, inclusive.
    pub min_size: Option<u64>,
    /// Bytes, inclusive.
    pub max_size: Option<u64>,
    /// Order by.
    pub sort: Sort,
    /// Direction, where it is not the sort's own.
    pub order: Option<Order>,
    /// What the rows that are waited for are to those that are shown.
    pub coming: Coming,
    /// Enter was pressed before the results of what was typed had come.
    pub is_enter_waiting: bool,
    /// Earlier searches, oldest first.
    pub history: Vec<String>,
    /// Which of them stands in the prompt.
    pub history_at: Option<usize>,
    /// The content that the pane shows.
    pub detail: Option<ContentHash>,
    /// When the pane turns to the row under the cursor.
    pub detail_due: Option<Timestamp>,
    /// Holders of it, where they have come.
    pub content: Option<ContentInfo>,
}

impl Default for SearchTab {
    fn default() -> Self {
        Self {
            prompt: Line::new(QUERY_MAX_CHARS),
            focus: SearchFocus::Prompt,
            list: List::default(),
            generation: 1,
            shown_generation: 0,
            total_is_exact: true,
            matches: 0,
            corrected: None,
            is_cut: false,
            took_us: 0,
            trouble: None,
            category: None,
            min_size: None,
            max_size: None,
            sort: Sort::Relevance,
            order: None,
            coming: Coming::Anew,
            is_enter_waiting: false,
            history: Vec::new(),
            history_at: None,
            detail: None,
            detail_due: None,
            content: None,
        }
    }
}

impl SearchTab {
    /// Whether keys go to the prompt.
    pub fn is_typing(&self) -> bool {
        self.focus == SearchFocus::Prompt
    }

    /// Whether keys go to the dock.
    pub fn is_in_dock(&self) -> bool {
        self.focus == SearchFocus::Dock
    }

    /// Back from the dock to the results.
    pub fn leave_dock(&mut self) {
        if self.is_in_dock() {
            self.focus = SearchFocus::List;
        }
    }
}

/// A filter line over a list.
#[derive(Debug, Clone)]
pub struct FilterLine {
    /// What must occur.
    pub line: Line,
    /// Whether keys go to it.
    pub is_typing: bool,
}

impl Default for FilterLine {
    fn default() -> Self {
        Self {
            line: Line::new(FILTER_MAX_CHARS),
            is_typing: false,
        }
    }
}

/// Transfers.
#[derive(Debug, Default)]
pub struct TransfersTab {
    /// Rows.
    pub list: List<TransferRow>,
    /// Which.
    pub filter: TransferFilter,
    /// Only these names.
    pub text: FilterLine,
    /// Column.
    pub sort: TransferSort,
    /// The other way round.
    pub is_reversed: bool,
    /// Figures of the filter line.
    pub counts: TransferCounts,
    /// Bytes a second, in and out, a sample a second.
    pub speed: Speed,
    /// Free bytes of the download folder.
    pub disk_free_bytes: Option<u64>,
    /// Upload slots in use and in all.
    pub slots: (usize, usize),
    /// What the rows said last.
    pub calm: CalmRows,
}

/// One transfer closely.
#[derive(Debug)]
pub struct DetailsView {
    /// Which.
    pub id: DownloadId,
    /// What came.
    pub detail: Option<Box<DownloadDetail>>,
    /// Its sources.
    pub sources: List<SourceStatus>,
    /// Whether keys go to the map of pieces and not to the sources.
    pub is_on_pieces: bool,
    /// Where it was opened.
    pub from: Tab,
}

impl DetailsView {
    /// The source under the cursor, while keys go to the sources.
    pub fn source(&self) -> Option<&SourceStatus> {
        self.sources.selected().filter(|_| !self.is_on_pieces)
    }
}

/// Shares.
#[derive(Debug, Default)]
pub struct SharesTab {
    /// Rows of the tree.
    pub list: List<ShareRow>,
    /// Keys of the open folders.
    pub open: BTreeSet<String>,
    /// Whether the roots have been opened for the first time.
    pub is_opened: bool,
    /// Only these paths.
    pub text: FilterLine,
    /// Figures; rows are in `list`.
    pub figures: Option<Shares>,
}

/// Peers.
#[derive(Debug, Default)]
pub struct PeersTab {
    /// Rows.
    pub list: List<PeerRow>,
    /// Which.
    pub filter: PeerFilter,
    /// Only these names.
    pub text: FilterLine,
    /// Column.
    pub sort: PeerSort,
    /// The other way round.
    pub is_reversed: bool,
    /// Figures; rows are in `list`.
    pub figures: Option<Peers>,
}

/// The files of one peer.
#[derive(Debug)]
pub struct BrowseTab {
    /// Whose.
    pub peer: PeerId,
    /// Its name.
    pub peer_name: String,
    /// Which folder.
    pub folder: String,
    /// Rows.
    pub list: List<BrowseRow>,
    /// Still being read.
    pub is_loading: bool,
    /// Why it could not be read.
    pub trouble: Option<String>,
    /// Where it was opened.
    pub from: Tab,
    /// The row to stand on when the folder has come (after going up).
    pub land_on: Option<(bool, String)>,
}

/// The log.
#[derive(Debug)]
pub struct LogTab {
    /// Rows.
    pub list: List<LogRow>,
    /// 0 all, 1 warnings and errors, 2 errors.
    pub level: usize,
    /// Only these lines.
    pub text: FilterLine,
    /// Always at the end.
    pub is_following: bool,
}

impl Default for LogTab {
    fn default() -> Self {
        Self {
            list: List::default(),
            level: 0,
            text: FilterLine::default(),
            is_following: true,
        }
    }
}
