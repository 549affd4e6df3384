//! Byte ranges of RFC 9110, section 14, for one range a request.
//!
//! Knows header texts and lengths only: not what is behind them, nor whether a server likes it.

use std::cmp::Ordering;

/// A range that lies inside a representation; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

/// What a `Range` header means for a representation of a known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeRequest {
    /// No usable range: answer 200 with everything (also for several ranges, other units and
    /// malformed headers, RFC 9110 section 14.2).
    Whole,
    /// Answer 206 with these bytes.
    Part(ByteRange),
    /// Answer 416 with `Content-Range: bytes */LENGTH`.
    NotSatisfiable,
}

impl ByteRange {
    /// `first..=last` of a representation of `length` bytes, `last` cut to its end; `None` when
    /// nothing of it lies inside.
    pub fn new(first: u64, last: u64, length: u64) -> Option<Self> {
        let last = last.min(length.checked_sub(1)?);
        (first <= last).then_some(Self { first, last })
    }

    /// Position of the first byte.
    pub const fn first(self) -> u64 {
        self.first
    }

    /// Position of the last byte.
    pub const fn last(self) -> u64 {
        self.last
    }

    /// How many bytes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub const fn len(self) -> u64 {
        self.last - self.first + 1
    }

    /// Value of a `Range` request header that asks for it.
    pub fn to_range_header(self) -> String {
        format!("bytes={}-{}", self.first, self.last)
    }

    /// Value of `Content-Range` for a representation of `length` bytes.
    pub fn to_content_range(self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.first, self.last)
    }
}

/// What the value of a `Range` header means for `length` bytes.
///
/// A suffix of an empty representation is all of it, so it is answered whole: there is no
/// `Content-Range` that could say "no bytes".
pub fn parse_range(header: &str, length: u64) -> RangeRequest {
    let Some((unit, ranges)) = header.split_once('=') else {
        return RangeRequest::Whole;
    };
    if !unit.trim_matches(is_blank).eq_ignore_ascii_case("bytes") {
        return RangeRequest::Whole;
    }
    let Some((first, last)) = ranges.trim_matches(is_blank).split_once('-') else {
        return RangeRequest::Whole;
    };
    match (Number::read(first), Number::read(last)) {
        (Some(first), Some(last)) if first.cmp(&last).is_gt() => RangeRequest::Whole,
        (Some(first), Some(last)) => part(first.value(), last.value(), length),
        (Some(first), None) if last.is_empty() => part(first.value(), u64::MAX, length),
        (None, Some(suffix)) if first.is_empty() => match (suffix.value(), length) {
            (0, _) => RangeRequest::NotSatisfiable,
            (_, 0) => RangeRequest::Whole,
            (count, _) => part(length.saturating_sub(count), u64::MAX, length),
        },
        _ => RangeRequest::Whole,
    }
}

/// Reads the value of a `Content-Range` header: the range, and the length where it is told.
///
/// `None` also for `bytes */LENGTH`, and where the range does not lie inside the length.
pub fn parse_content_range(header: &str) -> Option<(ByteRange, Option<u64>)> {
    let (unit, rest) = header.trim_matches(is_blank).split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (range, length) = rest.trim_matches(is_blank).split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (exact(first)?, exact(last)?);
    let length = match length {
        "*" => None,
        digits => Some(exact(digits)?),
    };
    let fits = first <= last && last < length.unwrap_or(u64::MAX);
    fits.then_some((ByteRange { first, last }, length))
}

fn part(first: u64, last: u64, length: u64) -> RangeRequest {
    ByteRange::new(first, last, length).map_or(RangeRequest::NotSatisfiable, RangeRequest::Part)
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// The number, unless it is one that no file can have as a position.
fn exact(digits: &str) -> Option<u64> {
    Number::read(digits)?;
    digits.parse().ok()
}

/// Digits of any count, without leading zeros: positions may be larger than any integer here.
struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(text.trim_start_matches('0')))
    }

    /// The value, cut to what a `u64` holds.
    fn value(&self) -> u64 {
        if self.0.is_empty() {
            return 0;
        }
        self.0.parse().unwrap_or(u64::MAX)
    }

    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), self.0).cmp(&(other.0.len(), other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(header: &str, length: u64, expected: &str) {
        let actual = match parse_range(header, length) {
            RangeRequest::Whole => "whole".to_owned(),
            RangeRequest::NotSatisfiable => "416".to_owned(),
            RangeRequest::Part(range) => range.to_content_range(length),
        };
        assert_eq!(actual, expected, "Range: {header:?} of {length} bytes");
    }

    #[test]
    fn one_range_is_answered_in_part() {
        check("bytes=0-499", 10_000, "bytes 0-499/10000");
        check("bytes=500-", 10_000, "bytes 500-9999/10000");
        check("bytes=-500", 10_000, "bytes 9500-9999/10000");
        check("bytes=-20000", 10_000, "bytes 0-9999/10000");
        check("bytes=0-0", 1, "bytes 0-0/1");
        check("Bytes= 9999-99999\t", 10_000, "bytes 9999-9999/10000");
        check("bytes=0007-0009", 10_000, "bytes 7-9/10000");
        check("bytes=5-18446744073709551616", 10, "bytes 5-9/10");
        check("bytes=-99999999999999999999999", 10, "bytes 0-9/10");
    }

    #[test]
    fn what_lies_outside_is_not_satisfiable() {
        check("bytes=10-", 10, "416");
        check("bytes=10-20", 10, "416");
        check("bytes=-0", 10, "416");
        check("bytes=0-", 0, "416");
        check("bytes=-0", 0, "416");
        check("bytes=99999999999999999999999-", 10, "416");
    }

    #[test]
    fn what_is_no_single_byte_range_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=--1",
            "bytes=1--2",
            "bytes=a-b",
            "bytes=1-b",
            "bytes=+1-2",
            "bytes=0-1,3-4",
            "bytes=5-4",
            "bytes=99999999999999999999999-9999999999999999999999",
            "bytes 0-4",
            "items=0-4",
            "bytes=0 - 4",
            "bytes=\u{0661}-4",
        ] {
            check(header, 10, "whole");
        }
        check("bytes=-5", 0, "whole");
    }

    #[test]
    fn content_range_reads_only_what_is_consistent() {
        let read =
            |text| parse_content_range(text).map(|(range, all)| (range.first(), range.last(), all));
        assert_eq!(read("bytes 0-4/10"), Some((0, 4, Some(10))));
        assert_eq!(read("bytes 5-9/*"), Some((5, 9, None)));
        for text in [
            "bytes */10",
            "bytes 0-10/10",
            "bytes 4-0/10",
            "bytes 0-4",
            "bytes=0-4/10",
            "items 0-4/10",
            "bytes 0-18446744073709551616/*",
            "bytes 0-18446744073709551615/*",
            "bytes 0-4/+10",
            "",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_exactly_what_the_numbers_say(first: u64, count: u32, length: u64) {
            let last = first.saturating_add(u64::from(count));
            let header = format!("bytes={first}-{last}");
            match parse_range(&header, length) {
                RangeRequest::Part(range) => {
                    prop_assert_eq!(range.first(), first);
                    prop_assert_eq!(range.last(), last.min(length - 1));
                    prop_assert_eq!(range.len(), range.last() - first + 1);
                    let told = parse_content_range(&range.to_content_range(length));
                    prop_assert_eq!(told, Some((range, Some(length))));
                }
                RangeRequest::NotSatisfiable => prop_assert!(first >= length),
                RangeRequest::Whole => prop_assert!(false, "a valid range was ignored"),
            }
        }

        #[test]
        fn any_text_is_answered_inside_the_file(header in "(bytes=)?[-0-9, a]{0,30}", length: u64) {
            if let RangeRequest::Part(range) = parse_range(&header, length) {
                prop_assert!(range.first() <= range.last() && range.last() < length);
            }
            let _ = parse_content_range(&header.replace('=', " "));
        }
    }
}
