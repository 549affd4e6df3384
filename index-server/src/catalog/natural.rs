//! Natural order of folded names: runs of digits compare as numbers, so `part 2` stands before
//! `part 10`.

use std::cmp::Ordering;

/// How two folded names compare; names that differ only in leading zeros are equal.
pub fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (order, rest) = compare_to_end(left, right);
    order.then_with(|| rest.len().cmp(&0))
}

/// How a folded name compares with all that start with `start`: equal where it does, but for leading
/// zeros. Digits at the end of `start` are a whole number.
pub fn compare_start(name: &[u8], start: &[u8]) -> Ordering {
    compare_to_end(name, start).0
}

/// How `left` compares with `right` up to the end of that, and what is left of it then.
fn compare_to_end<'l>(mut left: &'l [u8], mut right: &[u8]) -> (Ordering, &'l [u8]) {
    loop {
        let Some(&b) = right.first() else {
            return (Ordering::Equal, left);
        };
        let Some(&a) = left.first() else {
            return (Ordering::Less, left);
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (left_digits, left_rest) = split_number(left);
            let (right_digits, right_rest) = split_number(right);
            let order = (left_digits.len().cmp(&right_digits.len()))
                .then_with(|| left_digits.cmp(right_digits));
            if order.is_ne() {
                return (order, left);
            }
            (left, right) = (left_rest, right_rest);
        } else {
            if a != b {
                return (a.cmp(&b), left);
            }
            (left, right) = (&left[1..], &right[1..]);
        }
    }
}

/// Compares as the names do, but for names that it is the same of: what stands before the first
/// digit, up to eight bytes.
pub fn start(name: &[u8]) -> u64 {
    let mut start = [0; 8];
    for (place, byte) in start.iter_mut().zip(name) {
        if byte.is_ascii_digit() {
            // How digits compare with each other depends on those that follow.
            *place = b'0';
            break;
        }
        *place = *byte;
    }
    u64::from_be_bytes(start)
}

/// The digits at the start of `text` without leading zeros, and what follows.
fn split_number(text: &[u8]) -> (&[u8], &[u8]) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let end = text.iter().take_while(|byte| is_digit(byte)).count();
    let zeros = text[..end].iter().take_while(|byte| **byte == b'0').count();
    (&text[zeros..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::{compare, start};

    #[test]
    fn digits_compare_as_numbers_of_any_length() {
        let sorted = [
            "",
            "1",
            "1a",
            "2",
            "10",
            "10.2",
            "10.10",
            "99999999999999999999999999",
            "100000000000000000000000000",
            "a",
            "a 9",
            "a 10",
            "a10",
            "ab",
        ];
        for (i, left) in sorted.iter().enumerate() {
            for (k, right) in sorted.iter().enumerate() {
                let order = compare(left.as_bytes(), right.as_bytes());
                assert_eq!(order, i.cmp(&k), "{left:?} and {right:?}");
                let starts = start(left.as_bytes()).cmp(&start(right.as_bytes()));
                assert_eq!(
                    starts.then(order),
                    order,
                    "starts of {left:?} and {right:?}"
                );
            }
        }
        assert!(compare(b"a 007", b"a 7").is_eq());
    }
}
