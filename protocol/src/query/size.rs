//! The value of `size:`; knows comparisons and ranges, not what has a size.

use super::QueryError;
use crate::byte_size::parse_bytes;

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
    let Some(bytes) = bytes(number)? else {
        return Ok((None, None));
    };
    match sign {
        ">" => match bytes.checked_add(1) {
            Some(min) => Ok((Some(min), None)),
            None => Err(nothing(value)),
        },
        "<" => match bytes.checked_sub(1) {
            Some(max) => Ok((None, Some(max))),
            None => Err(nothing(value)),
        },
        ">=" => Ok((Some(bytes), None)),
        "<=" => Ok((None, Some(bytes))),
        "" | "=" => Ok((Some(bytes), Some(bytes))),
        _ => Err(QueryError::new(format!(
            "`size:{value}`: compare with one of < <= > >= or give a range such as 1M..2G"
        ))),
    }
}

fn range(
    value: &str,
    low: Option<u64>,
    high: Option<u64>,
) -> Result<(Option<u64>, Option<u64>), QueryError> {
    match (low, high) {
        (Some(low), Some(high)) if low > high => Err(QueryError::new(format!(
            "`size:{value}`: write the smaller size first"
        ))),
        both => Ok(both),
    }
}

fn bytes(text: &str) -> Result<Option<u64>, QueryError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse_bytes(text)
        .map(Some)
        .map_err(|error| QueryError::new(error.to_string()))
}

fn nothing(value: &str) -> QueryError {
    QueryError::new(format!("`size:{value}`: no file has such a size"))
}
