//! Where a key is pressed: the conditions of the key table.

/// A set of places of the screen that take keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context(u16);

impl Context {
    /// The search prompt, or the filter line of a list.
    pub const PROMPT: Self = Self(1);
    /// The search prompt while nothing stands in it.
    pub const EMPTY_PROMPT: Self = Self(1 << 1);
    /// The results.
    pub const RESULTS: Self = Self(1 << 2);
    /// The transfers under the search.
    pub const DOCK: Self = Self(1 << 3);
    /// The list of transfers.
    pub const TRANSFERS: Self = Self(1 << 4);
    /// One transfer closely.
    pub const DETAILS: Self = Self(1 << 5);
    /// The shares tree.
    pub const SHARES: Self = Self(1 << 6);
    /// The list of peers.
    pub const PEERS: Self = Self(1 << 7);
    /// The files of one peer.
    pub const BROWSE: Self = Self(1 << 8);
    /// The log.
    pub const LOG: Self = Self(1 << 9);
    /// All but the prompt.
    pub const LISTS: Self = Self(0b11_1111_1100);
    /// All.
    pub const EVERYWHERE: Self = Self(0b11_1111_1111);

    /// Either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have a place in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The places, each with its title for people, in the order of the help.
    pub const TITLED: [(Self, &'static str); 9] = [
        (Self::PROMPT, "In the prompt"),
        (Self::RESULTS, "In the results"),
        (Self::DOCK, "In the dock"),
        (Self::TRANSFERS, "In Transfers"),
        (Self::DETAILS, "In one transfer"),
        (Self::SHARES, "In Shares"),
        (Self::PEERS, "In Peers"),
        (Self::BROWSE, "In the files of a peer"),
        (Self::LOG, "In the log"),
    ];
}
