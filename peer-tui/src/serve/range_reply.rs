//! What a request for bytes is answered with, by its conditions and range (RFC 9110, sections 13
//! and 14). Pure: headers and lengths in, a decision out.

use protocol::byte_range::{ByteRange, RangeRequest, parse_range};
use protocol::pieces::{PieceLayout, PieceSet};

/// The headers that decide, as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    /// `If-Match`.
    pub if_match: Option<&'a str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// `If-Range`.
    pub if_range: Option<&'a str>,
    /// `Range`; absent for HEAD, where it has no meaning.
    pub range: Option<&'a str>,
}

/// What is there to be read.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'a> {
    /// Bytes of the whole.
    pub length: u64,
    /// Strong entity tag, quotes included.
    pub etag: &'a str,
    /// For an unfinished download: only these pieces can be read.
    pub held: Option<(PieceLayout, &'a PieceSet)>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeReply {
    /// 200 with everything.
    Whole,
    /// 206.
    Part(ByteRange),
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
    /// 416.
    NotSatisfiable,
}

/// Decides in the order of RFC 9110, section 13.2.2.
pub fn range_reply(conditions: &Conditions<'_>, holding: &Holding<'_>) -> RangeReply {
    if let Some(list) = conditions.if_match
        && !names_tag(list, holding.etag, Comparison::Strong)
    {
        return RangeReply::PreconditionFailed;
    }
    if let Some(list) = conditions.if_none_match
        && names_tag(list, holding.etag, Comparison::Weak)
    {
        return RangeReply::NotModified;
    }
    let is_current = conditions
        .if_range
        .is_none_or(|tag| tag.trim() == holding.etag);
    let wanted = match conditions.range.filter(|_| is_current) {
        Some(header) => parse_range(header, holding.length),
        None => RangeRequest::Whole,
    };
    match wanted {
        RangeRequest::Whole if holding.has_all() => RangeReply::Whole,
        RangeRequest::Part(range) if holding.has(range) => RangeReply::Part(range),
        RangeRequest::Whole | RangeRequest::Part(_) | RangeRequest::NotSatisfiable => {
            RangeReply::NotSatisfiable
        }
    }
}

impl Holding<'_> {
    fn has_all(&self) -> bool {
        self.held.is_none_or(|(_, held)| held.is_complete())
    }

    fn has(&self, range: ByteRange) -> bool {
        self.held
            .is_none_or(|(layout, held)| layout.pieces_of(range).all(|piece| held.contains(piece)))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether a list of entity tags, or `*`, names `etag` (which is strong).
fn names_tag(list: &str, etag: &str, comparison: Comparison) -> bool {
    list.split(',').map(str::trim).any(|tag| {
        let opaque = match comparison {
            Comparison::Strong => tag,
            Comparison::Weak => tag.strip_prefix("W/").unwrap_or(tag),
        };
        tag == "*" || opaque == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAG: &str = "\"sha256-ab\"";

    fn check(conditions: Conditions<'_>, expected: RangeReply) {
        let holding = Holding {
            length: 100,
            etag: TAG,
            held: None,
        };
        assert_eq!(
            range_reply(&conditions, &holding),
            expected,
            "{conditions:?}"
        );
    }

    fn part(first: u64, last: u64) -> RangeReply {
        RangeReply::Part(ByteRange::new(first, last, 100).unwrap())
    }

    #[test]
    fn conditions_come_before_ranges() {
        let none = Conditions::default();
        let ranged = Conditions {
            range: Some("bytes=10-19"),
            ..none
        };
        check(none, RangeReply::Whole);
        check(ranged, part(10, 19));
        let suffix = Conditions {
            range: Some("bytes=-5"),
            ..none
        };
        check(suffix, part(95, 99));
        let beyond = Conditions {
            range: Some("bytes=100-"),
            ..none
        };
        check(beyond, RangeReply::NotSatisfiable);
        for same in [TAG, "*", "\"x\", \"sha256-ab\"", "W/\"sha256-ab\""] {
            let unchanged = Conditions {
                if_none_match: Some(same),
                ..ranged
            };
            check(unchanged, RangeReply::NotModified);
        }
        let other = Conditions {
            if_none_match: Some("\"x\""),
            ..ranged
        };
        check(other, part(10, 19));
        for stale in ["\"x\"", "W/\"sha256-ab\"", "Tue, 24 Nov 2026 08:00:00 GMT"] {
            let whole = Conditions {
                if_range: Some(stale),
                ..ranged
            };
            check(whole, RangeReply::Whole);
        }
        let fresh = Conditions {
            if_range: Some(TAG),
            ..ranged
        };
        check(fresh, part(10, 19));
        let gone = Conditions {
            if_match: Some("\"x\""),
            ..ranged
        };
        check(gone, RangeReply::PreconditionFailed);
    }

    proptest! {
        #[test]
        fn an_unfinished_download_gives_only_what_it_holds(
            held_pieces in proptest::collection::vec(any::<bool>(), 8),
            first in 0_u64..2_000_000,
            length in 1_u64..900_000,
        ) {
            let layout = PieceLayout::of_size(2_000_000);
            let mut held = PieceSet::none(layout.count());
            for piece in layout.pieces() {
                if held_pieces[piece.as_usize()] {
                    held.insert(piece);
                }
            }
            let range = format!("bytes={first}-{}", first + length - 1);
            let conditions = Conditions { range: Some(&range), ..Conditions::default() };
            let holding = Holding { length: 2_000_000, etag: TAG, held: Some((layout, &held)) };
            let last = (first + length - 1).min(1_999_999);
            let all_there = (first..=last)
                .step_by(4096)
                .chain([last])
                .all(|at| held_pieces[usize::try_from(at / layout.piece_bytes()).unwrap()]);
            let reply = range_reply(&conditions, &holding);
            prop_assert_eq!(matches!(reply, RangeReply::Part(_)), all_there);
        }
    }
}
