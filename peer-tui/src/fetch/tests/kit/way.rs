//! Every way in which a peer of these tests behaves, and what a person must read of the wrong ones.
//!
//! Knows no socket.

/// What is wrong with every second content of an answer with many, or with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Wrong {
    /// Other bytes.
    Bytes,
    /// Another length.
    Length,
    /// It is said to be missing.
    Lacks,
    /// The answer ends half-way.
    Breaks,
    /// More bytes follow.
    More,
}

/// How a peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Way {
    Honest,
    /// Gives many contents in one answer, too, with something wrong or nothing.
    Together(Option<Wrong>),
    /// Answers as HTTP/1.0 does.
    OldHttp,
    /// The right bytes, and then an answer that nobody asked for, with wrong ones. Read before the
    /// next request it only ends the connection, read after it is a lie: either may come first.
    Smuggles,
    /// Busy at first.
    BusyOnce,
    /// So many pieces, then silence.
    StopsAfter(usize),
    /// No pieces, no root.
    Plain,
    PlainWrong,
    /// No pieces; so many bytes' worth of them, then silence.
    PlainStopsAfter(usize),
    /// No pieces; gives the whole file whatever part it is asked for.
    PlainWhole,
    /// No pieces; every answer breaks off half-way.
    PlainBreaks,
    /// A byte now and then.
    Drip,

    /// Wrong bytes under the right list.
    Corrupt,
    /// The bytes of another file.
    OtherFile,
    /// Another root, with the list and bytes of it.
    OtherRoot,
    /// A list that is not that of its root.
    WrongList,
    /// A bit of a piece hash is wrong.
    BentList,
    LongList,
    EndlessList,
    ShortList,
    /// An unfinished download that holds pieces which are none.
    OddHave,
    EndlessHave,
    /// An unfinished download that says it holds all and gives nothing.
    EmptyHave,
    Redirect,
    RedirectLoop,
    WholeForPart,
    OtherRange,
    /// The right range of a file of another size.
    OtherSize,
    NoRange,
    ManyRanges,
    OtherLength,
    HugeLength,
    TwoLengths,
    NegativeLength,
    Encoded,
    /// Encoded bytes that unpack to very many.
    GzipBomb,
    OtherTag,
    /// The right file at first, then another one.
    ChangingTag,
    /// Breaks off in the middle of every answer.
    Short,
    /// More bytes than any answer has, without a length.
    Endless,
    BigHeader,
    EndlessHeaders,
    /// A head that comes a byte at a time.
    DripHead,
    /// Says for ever that the answer is on its way.
    EndlessInterim,
    Upgrade,
    ChunkedGarbage,
    /// A chunk whose head never ends.
    EndlessChunkHead,
    /// Bytes without a head.
    NoHead,
    Garbage,
    ClosesAtOnce,
    /// Accepts and never answers.
    Silent,
    StallsAfterHead,
    StallsInPiece,
    Busy,
    BusyForYears,
    NotFound,
    Changed,
    NotSatisfiable,
    Forbidden,
    Broken,
}

impl Way {
    /// Ways that alone never bring a file, with what a person reads of each.
    pub(in super::super) const FAULTS: &[(Self, &str)] = &[
        (Self::Corrupt, "sent wrong bytes for piece"),
        (Self::OtherFile, "sent wrong bytes for piece"),
        (
            Self::OtherRoot,
            "told pieces that are not those of the file",
        ),
        (Self::WrongList, "piece hashes that are not those"),
        (Self::BentList, "piece hashes that are not those"),
        (Self::LongList, "more than was asked for"),
        (Self::EndlessList, "more than was asked for"),
        (Self::ShortList, "piece hashes that are not those"),
        (Self::OddHave, "holds pieces that are none"),
        (Self::EndlessHave, "more than was asked for"),
        (Self::EmptyHave, "does not hold what it said"),
        (Self::Redirect, "answered with a redirect"),
        (Self::RedirectLoop, "answered with a redirect"),
        (Self::WholeForPart, "the whole file for a part"),
        (Self::OtherRange, "another range"),
        (Self::OtherSize, "another range"),
        (Self::NoRange, "another range"),
        (Self::ManyRanges, "another range"),
        (Self::OtherLength, "another length"),
        (Self::HugeLength, "another length"),
        (Self::TwoLengths, "broke off"),
        (Self::NegativeLength, "broke off"),
        (Self::Encoded, "encoded bytes"),
        (Self::GzipBomb, "encoded bytes"),
        (Self::OtherTag, "another file there now"),
        (Self::ChangingTag, "another file there now"),
        (Self::Short, "broke off"),
        (Self::Endless, "more than was asked for"),
        (Self::BigHeader, "broke off"),
        (Self::EndlessHeaders, "broke off"),
        (Self::DripHead, "did not answer in time"),
        (Self::EndlessInterim, "did not answer in time"),
        (Self::Upgrade, "refused with status 101"),
        (Self::ChunkedGarbage, "broke off"),
        (Self::EndlessChunkHead, "broke off"),
        (Self::NoHead, "broke off"),
        (Self::Garbage, "broke off"),
        (Self::ClosesAtOnce, "broke off"),
        (Self::Silent, "did not answer in time"),
        (Self::StallsAfterHead, "went silent"),
        (Self::StallsInPiece, "went silent"),
        (Self::Busy, "busy"),
        (Self::BusyForYears, "busy"),
        (Self::NotFound, "does not share it any more"),
        (Self::Changed, "another file there now"),
        (Self::NotSatisfiable, "does not hold what it said"),
        (Self::Forbidden, "refused with status 403"),
        (Self::Broken, "failed with status 500"),
    ];

    /// Ways that bring the file by themselves.
    pub(in super::super) const ODD_BUT_RIGHT: &[Self] =
        &[Self::OldHttp, Self::BusyOnce, Self::Plain, Self::PlainWhole];

    pub(super) const fn is_plain(self) -> bool {
        matches!(
            self,
            Self::Plain
                | Self::PlainWrong
                | Self::PlainBreaks
                | Self::PlainStopsAfter(_)
                | Self::PlainWhole
        )
    }

    /// Whether it says that its download is unfinished.
    pub(super) const fn is_partial(self) -> bool {
        matches!(self, Self::OddHave | Self::EndlessHave | Self::EmptyHave)
    }

    /// Whether it behaves so whatever it is asked for, and not only when it is asked for bytes.
    pub(super) const fn is_always_so(self) -> bool {
        matches!(
            self,
            Self::BigHeader
                | Self::EndlessHeaders
                | Self::DripHead
                | Self::RedirectLoop
                | Self::EndlessInterim
                | Self::NoHead
                | Self::ClosesAtOnce
                | Self::Silent
                | Self::Busy
        )
    }
}
