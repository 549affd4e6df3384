//! The value of `size:`; knows comparisons and ranges, not what has a size.

use super::QueryError;
use crate::byte_size::{Written, parse_exactly};

/// Smallest and largest size, both inclusive, that a value such as `>1G` or `1M..2G` allows.
///
/// A comparison with nothing behind it is still being typed and allows all.
pub(super) fn parse(value: &str) -> Result<(Option<u64>, Option<u64>), QueryError> {
    let value = value.trim();
    if let Some((low, high)) = value.split_once("..") {
        return range(value, bytes(low)?, bytes(high)?);
    }
    let (sign, number) = match value.find(|c: char| !matches!(c, '<' | '>' | '=')) {
        Some(end) => value.split_at(end),
        None => (value, ""),
    };
    let Some(size) = bytes(number)? else {
        return Ok((None, None));
    };
    let bytes = size.whole_bytes;
    // No file has a part of a byte.
    let (next, previous) = if size.has_fraction {
        (bytes.checked_add(1), Some(bytes))
    } else {
        (Some(bytes), bytes.checked_sub(1))
    };
    let nothing = || QueryError::rule(format!("`size:{value}`: no file has such a size"));
    match sign {
        ">" => Ok((Some(bytes.checked_add(1).ok_or_else(nothing)?), None)),
        "<" => Ok((None, Some(previous.ok_or_else(nothing)?))),
        ">=" => Ok((Some(next.ok_or_else(nothing)?), None)),
        "<=" => Ok((None, Some(bytes))),
        "" | "=" => Ok((Some(bytes), Some(bytes))),
        _ => Err(QueryError::new(format!(
            "`size:{value}`: compare with one of < <= > >= or give a range such as 1M..2G"
        ))),
    }
}

fn range(
    value: &str,
    low: Option<Written>,
    high: Option<Written>,
) -> Result<(Option<u64>, Option<u64>), QueryError> {
    let from = |size: Written| (size.whole_bytes).saturating_add(u64::from(size.has_fraction));
    match (low.map(from), high.map(|size| size.whole_bytes)) {
        (Some(low), Some(high)) if low > high => Err(QueryError::rule(format!(
            "`size:{value}`: write the smaller size first"
        ))),
        both => Ok(both),
    }
}

fn bytes(text: &str) -> Result<Option<Written>, QueryError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse_exactly(text)
        .map(Some)
        .map_err(|error| QueryError::new(error.to_string()))
}
