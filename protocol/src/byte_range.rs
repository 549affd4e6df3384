//! Byte ranges of RFC 9110, section 14, for one range a request.

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
        let _ = (first, last, length);
        unimplemented!("helper")
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
pub fn parse_range(header: &str, length: u64) -> RangeRequest {
    let _ = (header, length);
    unimplemented!("helper")
}

/// Reads the value of a `Content-Range` header: the range, and the length where it is told.
pub fn parse_content_range(header: &str) -> Option<(ByteRange, Option<u64>)> {
    let _ = header;
    unimplemented!("helper")
}
