//! Everything that the screen knows: one value, changed by `update`, read by `view`.
//!
//! Knows no terminal, no socket and no clock.

pub mod calm;
mod hint;
pub mod line;
pub mod list;
pub mod popup;
pub mod rows;
pub mod tabs;
pub mod toast;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::ids::PeerId;

use super::keymap::{Context, Keymap, Tab};
use super::layout::{Body, Layout};
use super::theme::{Glyphs, Theme};
use crate::daemon::command::Watch;
use crate::daemon::state::{Header, LinkState, TransferCounts, TransferRow};
use crate::rate::CalmRate;
use calm::CalmRows;
use list::List;
use popup::Popup;
use tabs::{BrowseTab, DetailsView, LogTab, PeersTab, SearchTab, SharesTab, TransfersTab};
use toast::{Toasts, UndoStack};

/// The way to the daemon, as the screen sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DaemonLink {
    /// Up.
    #[default]
    Up,
    /// Gone.
    Lost {
        /// Since when.
        since: Timestamp,
        /// When it is tried again; `None` while it is being tried.
        retry_at: Option<Timestamp>,
        /// Tries that failed.
        tries: u32,
        /// Why, the last time.
        reason: String,
    },
}

/// What an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// A change that may be undone.
    Change,
    /// A change that may not.
    Final,
    /// An undo.
    Undo,
}

/// What a person chose about the look, kept over runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
}

/// The whole state of the screen.
#[derive(Debug)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The tab that is shown.
    pub tab: Tab,
    /// Whether the list has the whole screen.
    pub is_zoomed: bool,
    /// Whether the pane under the list was asked for or sent away; its default depends on the size.
    pub details_pane: Option<bool>,
    /// Search.
    pub search: SearchTab,
    /// The transfers under the search.
    pub dock: List<TransferRow>,
    /// What its rows said last.
    pub dock_calm: CalmRows,
    /// Figures of the dock.
    pub dock_counts: TransferCounts,
    /// Transfers.
    pub transfers: TransfersTab,
    /// One transfer closely.
    pub details: Option<DetailsView>,
    /// Shares.
    pub shares: SharesTab,
    /// Peers.
    pub peers: PeersTab,
    /// Last round trips, in milliseconds, to those who have what is looked at closely.
    pub latencies: BTreeMap<PeerId, u32>,
    /// The files of one peer.
    pub browse: Option<BrowseTab>,
    /// The log.
    pub log: LogTab,
    /// The state line.
    pub header: Option<Header>,
    /// Its rates, in and out.
    pub header_rates: (CalmRate, CalmRate),
    /// The way to the daemon.
    pub link: DaemonLink,
    /// Why the daemon said it would go.
    pub goodbye: String,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// Short words.
    pub toasts: Toasts,
    /// The way back.
    pub undo: UndoStack,
    /// Answers that are waited for.
    pub pending: BTreeMap<u64, Pending>,
    /// Number of the last action.
    pub last_number: u64,
    /// What the daemon was told last.
    pub last_watch: Option<Watch>,
    /// Lines for an empty first screen.
    pub notes: Vec<String>,
    /// Keys.
    pub keymap: Keymap,
    /// Colours and characters.
    pub look: Look,
    /// Whether colours are forbidden.
    pub is_mono: bool,
    /// Where the person lives.
    pub zone: TimeZone,
    /// The time of the last message.
    pub now: Timestamp,
}

impl Model {
    /// A screen of this size that knows nothing yet.
    pub fn new(size: (u16, u16), now: Timestamp, zone: TimeZone) -> Self {
        Self {
            size,
            tab: Tab::Search,
            is_zoomed: false,
            details_pane: None,
            search: SearchTab::default(),
            dock: List::default(),
            dock_calm: CalmRows::default(),
            dock_counts: TransferCounts::default(),
            transfers: TransfersTab::default(),
            details: None,
            shares: SharesTab {
                open: BTreeSet::new(),
                ..SharesTab::default()
            },
            peers: PeersTab::default(),
            latencies: BTreeMap::new(),
            browse: None,
            log: LogTab::default(),
            header: None,
            header_rates: (CalmRate::default(), CalmRate::default()),
            link: DaemonLink::Up,
            goodbye: String::new(),
            popup: None,
            toasts: Toasts::default(),
            undo: UndoStack::default(),
            pending: BTreeMap::new(),
            last_number: 0,
            last_watch: None,
            notes: Vec::new(),
            keymap: Keymap::default(),
            look: Look::default(),
            is_mono: false,
            zone,
            now,
        }
    }

    /// What fills the middle of the screen.
    pub const fn body(&self) -> Body {
        match self.tab {
            Tab::Search => Body::Search,
            Tab::Transfers if self.details.is_some() => Body::Details,
            Tab::Transfers => Body::Transfers,
            Tab::Shares => Body::Shares,
            Tab::Peers if self.browse.is_some() => Body::Browse,
            Tab::Peers => Body::Peers,
            Tab::Log => Body::Log,
        }
    }

    /// Where keys go when nothing lies over the screen.
    pub fn context(&self) -> Context {
        match self.body() {
            Body::Search if self.search.is_typing() && self.search.prompt.is_empty() => {
                Context::PROMPT.or(Context::EMPTY_PROMPT)
            }
            Body::Search if self.search.is_typing() => Context::PROMPT,
            Body::Search if self.search.is_in_dock() => Context::DOCK,
            Body::Search => Context::RESULTS,
            Body::Transfers => Context::TRANSFERS,
            Body::Details => Context::DETAILS,
            Body::Shares => Context::SHARES,
            Body::Peers => Context::PEERS,
            Body::Browse => Context::BROWSE,
            Body::Log => Context::LOG,
        }
    }

    /// Where everything stands on the screen.
    pub fn layout(&self) -> Layout {
        let body = self.body();
        let layout = Layout::of(self.size, body, self.is_zoomed, self.details_pane);
        match &self.details {
            Some(view) if body == Body::Details && view.is_on_pieces => layout.on_pieces(),
            _ => layout,
        }
    }

    /// The theme that holds.
    pub const fn theme(&self) -> Theme {
        if self.is_mono {
            Theme::Mono
        } else {
            self.look.theme
        }
    }

    /// Whether the daemon is out of reach, so that everything shown is old.
    pub const fn is_stale(&self) -> bool {
        matches!(self.link, DaemonLink::Lost { .. })
    }

    /// Since when the index does not answer, where the daemon is there to say so: what the network
    /// told is as old as that.
    pub fn index_lost_since(&self) -> Option<Timestamp> {
        match &self.header.as_ref()?.link {
            LinkState::Lost { since, .. } if !self.is_stale() => Some(*since),
            _ => None,
        }
    }

    /// Whether the index ever told this daemon of the network: it counts at least this peer.
    pub fn has_seen_index(&self) -> bool {
        self.header
            .as_ref()
            .is_some_and(|header| header.total_peers > 0)
    }

    /// When `update` wants to be called although nothing happened.
    pub fn deadline(&self) -> Option<Timestamp> {
        let retry = match &self.link {
            DaemonLink::Lost { retry_at, .. } => *retry_at,
            DaemonLink::Up => None,
        };
        [self.toasts.deadline(), retry, self.search.detail_due]
            .into_iter()
            .flatten()
            .min()
    }
}
