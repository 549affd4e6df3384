//! All that a key, a line of the palette or a menu can ask of the screen.

/// What to do. What it is done to is the row under the cursor, or the marked ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each name says all there is to say; the table has the help"
)]
pub enum Command {
    // Moving
    Up,
    Down,
    First,
    Last,
    HalfPageUp,
    HalfPageDown,
    PageUp,
    PageDown,
    Close,
    Open,
    NextPane,
    PreviousPane,
    Tab(Tab),
    NextTab,
    PreviousTab,
    Back,
    // The prompt
    Edit(Edit),
    MarkDown,
    MarkUp,
    // Marks and rows
    Mark,
    MarkRange,
    InvertMarks,
    Enter,
    Download,
    DownloadFolder,
    Merge,
    Details,
    Browse,
    Block,
    // Transfers
    Pause,
    Remove,
    RemoveForGood,
    RaisePriority,
    LowerPriority,
    OrderKeys,
    MoveTop,
    MoveUp,
    MoveDown,
    MoveBottom,
    Retry,
    MoreSources,
    // Network and shares
    Connect,
    AddShare,
    Follow,
    // Limits
    LimitKeys,
    LimitDown,
    LimitUp,
    LimitTransfer,
    LimitFromPeer,
    LimitToPeer,
    LimitsOff,
    // Copying
    CopyKeys,
    CopyLink,
    CopyHash,
    CopyName,
    CopyPath,
    CopyId,
    CopyAll,
    // Everywhere
    Find,
    Filter,
    SortMenu,
    SortKeys,
    Undo,
    Zoom,
    Palette,
    Help,
    Settings,
    Repaint,
    Suspend,
    Leave,
    StopDaemon,
    Panic,
}

/// The five tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Tab {
    #[default]
    Search,
    Transfers,
    Shares,
    Peers,
    Log,
}

impl Tab {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Search,
        Self::Transfers,
        Self::Shares,
        Self::Peers,
        Self::Log,
    ];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Search => "Search",
            Self::Transfers => "Transfers",
            Self::Shares => "Shares",
            Self::Peers => "Peers",
            Self::Log => "Log",
        }
    }

    /// Its title where there is little room.
    pub const fn short_title(self) -> &'static str {
        match self {
            Self::Search => "Search",
            Self::Transfers => "Xfer",
            Self::Shares => "Share",
            Self::Peers => "Peers",
            Self::Log => "Log",
        }
    }

    /// Its position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What a key does to a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Edit {
    Insert(char),
    Backspace,
    Delete,
    DeleteWord,
    DeleteLine,
    DeleteToEnd,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
}
