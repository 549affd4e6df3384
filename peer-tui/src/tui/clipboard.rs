//! The clipboard of the person's own terminal, over any number of ssh hops (OSC 52).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Terminals drop longer sequences; cut text is better than none.
const COPY_MAX_BYTES: usize = 74_994;

/// The bytes that put `text` on the clipboard.
pub fn copy(text: &str) -> Vec<u8> {
    let mut end = text.len().min(COPY_MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("\x1b]52;c;{}\x07", STANDARD.encode(&text[..end])).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_out_in_base64_and_nothing_else() {
        assert_eq!(copy("a\x1b[31m"), b"\x1b]52;c;YRtbMzFt\x07");
        let long = copy(&"é".repeat(60_000));
        assert!(long.len() < 100_050, "{}", long.len());
    }
}
