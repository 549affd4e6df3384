//! The headers that tell a client what a file is called and what it is (RFC 6266, 8187, 9530).
//!
//! Pure. A stranger's name never reaches a header raw.

use std::fmt::Write as _;

use data_encoding::BASE64;
use protocol::hash::ContentHash;
use protocol::names::SafePath;

/// `ETag` of a content.
pub fn etag(hash: &ContentHash) -> String {
    format!("\"sha256-{hash}\"")
}

/// `Repr-Digest` of a content.
pub fn repr_digest(hash: &ContentHash) -> String {
    format!("sha-256=:{}:", BASE64.encode(hash.as_bytes()))
}

/// `Content-Type` by the ending of a name.
pub fn content_type(name: &str) -> String {
    mime_guess::from_path(name)
        .first_or_octet_stream()
        .essence_str()
        .to_owned()
}

/// `Content-Disposition` in both forms: plain ASCII for old clients, then the real name, safe to
/// write to a disk.
pub fn disposition(name: &str) -> String {
    let safe = SafePath::name_from_untrusted(name);
    let safe = safe.as_path().to_string_lossy();
    let plain: String = safe
        .chars()
        .map(|c| match c {
            ' '..='~' if !matches!(c, '"' | '\\' | '%') => c,
            _ => '_',
        })
        .collect();
    let mut header = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in safe.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            header.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(header, "%{byte:02X}");
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_both_forms_and_break_no_header() {
        let check = |name: &str, expected: &str| assert_eq!(disposition(name), expected);
        check(
            "report 1.pdf",
            "attachment; filename=\"report 1.pdf\"; filename*=UTF-8''report%201.pdf",
        );
        check(
            "naïve.txt",
            "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt",
        );
        for hostile in [
            "a\r\nSet-Cookie: x",
            "a\"; filename=\"b",
            "../../etc/passwd",
            "\u{202e}x",
        ] {
            let header = disposition(hostile);
            assert!(
                header.bytes().all(|b| (b' '..=b'~').contains(&b)),
                "{header}"
            );
            assert_eq!(header.matches('"').count(), 2, "{header}");
            assert!(!header.contains('/'), "{header}");
        }
    }

    #[test]
    fn hashes_are_told_as_tag_and_digest() {
        let hash = ContentHash::of(b"");
        assert!(etag(&hash).starts_with("\"sha256-e3b0c442"));
        let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
        assert_eq!(repr_digest(&hash), digest);
        assert_eq!(content_type("a.pdf"), "application/pdf");
        assert_eq!(content_type("a"), "application/octet-stream");
    }
}
