//! Sizes as people write and read them: `10M`, `1.5 GiB`.
//!
//! Knows numbers only; widths and colours of columns are the screen's.

/// A text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// Not a number with a unit.
    #[error(
        "`{0}` is not a size: write a number with K, M, G or T (1024 each) or KB, MB, GB, TB (1000 each)"
    )]
    Malformed(String),
    /// More than 64 bits hold.
    #[error("`{0}` is larger than any file")]
    TooLarge(String),
}

/// Bytes that a text such as `10M`, `1.5 GiB`, `700MB` or `4096` stands for.
///
/// K M G T P (and KiB ...) are powers of 1024, KB MB GB TB PB powers of 1000; case does not
/// matter. A fraction of a byte is dropped.
///
/// # Errors
/// [`ByteSizeError`] with a sentence that says what would be right.
pub fn parse_bytes(text: &str) -> Result<u64, ByteSizeError> {
    parse_exactly(text).map(|size| size.whole_bytes)
}

/// A size that was written, which need not be whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Bytes, a fraction dropped.
    pub whole_bytes: u64,
    /// Whether a fraction was dropped.
    pub has_fraction: bool,
}

/// The same as [`parse_bytes`], and whether that is all of it.
///
/// # Errors
/// As [`parse_bytes`].
pub fn parse_exactly(text: &str) -> Result<Written, ByteSizeError> {
    const FRACTION_MAX_DIGITS: usize = 12;
    let malformed = || ByteSizeError::Malformed(text.to_owned());
    let too_large = || ByteSizeError::TooLarge(text.to_owned());
    let trimmed = text.trim();
    let end = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let unit = unit_bytes(unit.trim_start()).ok_or_else(malformed)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err(malformed());
    }
    let whole = match whole.trim_start_matches('0') {
        "" => 0,
        digits => digits.parse::<u64>().map_err(|_| too_large())?,
    };
    // Digits past the twelfth are less than a byte of any unit here.
    let fraction = &fraction[..fraction.len().min(FRACTION_MAX_DIGITS)];
    let scale = fraction.bytes().fold(1_u128, |scale, _| scale * 10);
    let parts = fraction.parse::<u128>().unwrap_or(0);
    let bytes = u128::from(whole) * unit + parts * unit / scale;
    Ok(Written {
        whole_bytes: u64::try_from(bytes).map_err(|_| too_large())?,
        has_fraction: !(parts * unit).is_multiple_of(scale),
    })
}

/// A size as people read it, in powers of 1024 and three digits: `0 B`, `755 MiB`, `1.2 TiB`.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = 0;
    // What would round to 1024 of a unit is shown as 1 of the next.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

fn unit_bytes(unit: &str) -> Option<u128> {
    let lower = unit.to_ascii_lowercase();
    let (letter, step) = match lower.as_str() {
        "" | "b" => return Some(1),
        "k" | "m" | "g" | "t" | "p" => (lower.as_str(), 1024),
        _ => match (lower.strip_suffix("ib"), lower.strip_suffix('b')) {
            (Some(letter), _) => (letter, 1024),
            (None, Some(letter)) => (letter, 1000),
            (None, None) => return None,
        },
    };
    let power = ["k", "m", "g", "t", "p"]
        .iter()
        .position(|known| *known == letter)?;
    Some((0..=power).fold(1, |bytes, _| bytes * step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse_bytes(text).ok(), expected, "{text:?}");
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        check("0", Some(0));
        check("4096", Some(4096));
        check("10M", Some(10 << 20));
        check("10m", Some(10 << 20));
        check("10MB", Some(10_000_000));
        check("1.5G", Some(3 << 29));
        check(" 1.5 GiB ", Some(3 << 29));
        check(".5k", Some(512));
        check("2.k", Some(2048));
        check("7b", Some(7));
        check("0.0001K", Some(0));
        check("1.99999999999999999999999999B", Some(1));
        check("16383P", Some(16383 << 50));
        check("18446744073709551615", Some(u64::MAX));
        check("0000000000000000000000000000001", Some(1));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "K",
            ".",
            "..",
            "1.2.3",
            "-1",
            "+1",
            "1e3",
            "1X",
            "1KK",
            "1 0",
            "ten",
            "1iB",
            "\u{661}",
            "18446744073709551616",
            "16384P",
            "99999999999999999999999999",
        ] {
            check(text, None);
        }
        let error = parse_bytes("5 apples").map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.contains("`5 apples` is not a size")));
    }

    #[test]
    fn sizes_are_shown_in_three_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (10_189, "10 KiB"),
            (791_674_880, "755 MiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (1_319_413_953_331, "1.2 TiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(format_bytes(bytes), text, "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_within_its_digits(bytes in 0..u64::MAX >> 5) {
            let shown = format_bytes(bytes);
            let back = parse_bytes(&shown).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(back.abs_diff(bytes) <= bytes / 18, "{bytes} {shown} {back}");
            prop_assert!(shown.len() <= 8, "{shown}");
        }

        #[test]
        fn any_text_is_answered(text: String) {
            let _ = parse_bytes(&text);
        }
    }
}
