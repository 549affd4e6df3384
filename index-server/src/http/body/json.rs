//! From the bytes of a body or a line to a value: one object in UTF-8, not too deep, and where it is
//! wrong the field at which.
//!
//! Pure. Must not know where the bytes came from.

use protocol::problem::Slug;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::command::Refusal;
use crate::http::pointer::pointer_at;

/// JSON of the contract is at most four deep; deeper than this is an attack on the parser.
pub const JSON_MAX_DEPTH: usize = 32;

/// Reads one JSON object: first as JSON in UTF-8, then as `T`.
///
/// # Errors
/// `invalid-json` or `invalid-field`, with a pointer where the place is known.
pub fn parse_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    if !is_shallow(bytes) {
        return Err(Refusal::new(
            Slug::InvalidJson,
            format!("JSON nests at most {JSON_MAX_DEPTH} deep here"),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Refusal::new(Slug::InvalidJson, format!("JSON is UTF-8: {error}")))?;
    // A derived reader would take an array, too, for the fields one after the other.
    let is_object = text.trim_ascii_start().starts_with('{');
    let error = match serde_json::from_str(text) {
        Ok(value) if is_object => return Ok(value),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    if let Err(syntax) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(Refusal::new(Slug::InvalidJson, syntax.to_string()));
    }
    let Some(error) = error.filter(|_| is_object) else {
        return Err(Refusal::new(
            Slug::InvalidField,
            "the call takes a JSON object, with its fields by name: {\"field\": value, ...}",
        ));
    };
    let refusal = Refusal::new(Slug::InvalidField, error.to_string());
    Err(match pointer_at(bytes, &error) {
        Some(pointer) => refusal.at(pointer),
        None => refusal,
    })
}

/// Whether brackets nest no deeper than allowed; strings are skipped.
fn is_shallow(bytes: &[u8]) -> bool {
    let openings = memchr::memchr2_iter(b'[', b'{', bytes);
    if openings.take(JSON_MAX_DEPTH + 1).count() <= JSON_MAX_DEPTH {
        return true;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_MAX_DEPTH {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::file::{FileRegistration, LookupRequest};
    use protocol::peer::RegisterRequest;

    fn check(body: &str, slug: Slug, pointer: Option<&str>) {
        let refusal = parse_json::<RegisterRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.slug, slug, "{body}: {refusal:?}");
        assert_eq!(refusal.pointer.as_deref(), pointer, "{body}: {refusal:?}");
    }

    #[test]
    fn broken_json_is_400_and_json_of_another_shape_422_at_its_field() {
        check("", Slug::InvalidJson, None);
        check("{\"port\":1", Slug::InvalidJson, None);
        check("{\"port\":\"1\",}", Slug::InvalidJson, None);
        check("{\"port\":\"1\"}", Slug::InvalidField, Some("/port"));
        check("{\"port\":70000}", Slug::InvalidField, Some("/port"));
        check("{\"port\":-1}", Slug::InvalidField, Some("/port"));
        check("{\"port\":1e400}", Slug::InvalidField, Some("/port"));
        check(
            "{\"port\":1.5, \"name\":\"x\"}",
            Slug::InvalidField,
            Some("/port"),
        );
        check(
            "{\"name\":{\"a\":[1]},\"port\":1}",
            Slug::InvalidField,
            Some("/name"),
        );
        check("{}", Slug::InvalidField, Some("/port"));
        check("1", Slug::InvalidField, None);
    }

    #[test]
    fn fields_go_by_name_and_never_by_place() {
        check("[1]", Slug::InvalidField, None);
        check("[null, null, null, 9000, 0]", Slug::InvalidField, None);
        check("[1", Slug::InvalidJson, None);
        check("null", Slug::InvalidField, None);
        assert!(parse_json::<RegisterRequest>(b" \r\n\t{\"port\":1}").is_ok());
    }

    #[test]
    fn what_is_not_utf8_is_no_json() {
        for body in [
            b"{\"port\":1,\"name\":\"\xff\"}".as_slice(),
            b"{\"port\":1,\"unknown\":\"\xff\"}",
        ] {
            let refusal = parse_json::<RegisterRequest>(body).unwrap_err();
            assert_eq!(refusal.slug, Slug::InvalidJson, "{refusal:?}");
        }
    }

    #[test]
    fn a_bad_hash_is_pointed_at_wherever_it_stands() {
        let hashes = format!("{{\"hashes\": [\"{}\", \"x\"]}}", "0".repeat(64));
        let refusal = parse_json::<LookupRequest>(hashes.as_bytes()).unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some("/hashes/1"));
        let file = "{\"filename\":\"a\",\"size\":1,\"hash\":\"ab\"}";
        let refusal = parse_json::<FileRegistration>(file.as_bytes()).unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some("/hash"));
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        check(&deep, Slug::InvalidJson, None);
        assert!(is_shallow(
            b"[\"[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"
        ));
    }
}
