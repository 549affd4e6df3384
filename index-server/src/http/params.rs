//! The query string: decoded once, read by name. Unknown parameters are ignored, empty ones count
//! as absent (forms send them so); what cannot be decoded is refused, whoever would read it.

use std::fmt::Display;
use std::str::FromStr;

use protocol::limits::{SEARCH_LIMIT_DEFAULT_COUNT, SEARCH_LIMIT_MAX_COUNT};
use protocol::problem::Slug;

use crate::command::Refusal;
use crate::http::problem::invalid_parameter;

/// Decoded pairs, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `a=b&c=d`, percent- and plus-decoded.
    ///
    /// # Errors
    /// `invalid-parameter` for a broken escape and for bytes that are not UTF-8.
    pub fn parse(raw: &str) -> Result<Self, Refusal> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).map_err(|error| {
                let detail = format!("the name of a parameter: {error}");
                Refusal::new(Slug::InvalidParameter, detail)
            })?;
            match decode(value) {
                Ok(value) => Ok((name, value)),
                Err(error) => Err(invalid_parameter(&name, format!("{name}: {error}"))),
            }
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The first non-empty value of `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name` read as `T`.
    ///
    /// # Errors
    /// `invalid-parameter` with the reason of the type.
    pub fn value<T>(&self, name: &str) -> Result<Option<T>, Refusal>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|error| invalid_parameter(name, format!("{name}: {error}")))
            })
            .transpose()
    }

    /// A whole number.
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    invalid_parameter(
                        name,
                        format!("{name} takes a whole number from 0 to {}", u64::MAX),
                    )
                })
            })
            .transpose()
    }

    /// `true` or `false` (or 1, 0).
    ///
    /// # Errors
    /// `invalid-parameter` for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(invalid_parameter(name, format!("{name} is true or false"))),
        }
    }

    /// One of the words that `T` is written as in JSON.
    ///
    /// # Errors
    /// `invalid-parameter` that lists the words.
    pub fn word<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        words: &str,
    ) -> Result<Option<T>, Refusal> {
        use serde::de::IntoDeserializer;
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            text.into_deserializer();
        T::deserialize(word)
            .map(Some)
            .map_err(|_| invalid_parameter(name, format!("{name} is one of {words}")))
    }

    /// Rows of a page: `limit`, 1 to 200, 50 where absent.
    ///
    /// # Errors
    /// `invalid-parameter` for what is no number, `invalid-field` for one outside.
    pub fn limit(&self) -> Result<usize, Refusal> {
        match self.number("limit")? {
            None => Ok(SEARCH_LIMIT_DEFAULT_COUNT),
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=SEARCH_LIMIT_MAX_COUNT).contains(limit))
                .ok_or_else(|| {
                    Refusal::new(
                        Slug::InvalidField,
                        format!("limit is 1 to {SEARCH_LIMIT_MAX_COUNT}"),
                    )
                    .at("limit")
                }),
        }
    }
}

/// Why a text of a query string says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum DecodeError {
    #[error("two hex digits follow a %; the sign itself is written %25")]
    Escape,
    #[error("its escapes are not UTF-8; encode the text as UTF-8 first")]
    Utf8,
}

/// Percent- and plus-decoding of a query component (WHATWG URL, form encoding).
fn decode(text: &str) -> Result<String, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let [high, low, after @ ..] = tail else {
                    return Err(DecodeError::Escape);
                };
                let digits = hex_digit(*high).zip(hex_digit(*low));
                let (high, low) = digits.ok_or(DecodeError::Escape)?;
                rest = after;
                high << 4 | low
            }
            plain => *plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in ["a b+c&d=e%", "ä/ö?#", "\u{202e}x", "%zz", ""] {
            assert_eq!(decode(&encode(text)).as_deref(), Ok(text), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_wherever_it_stands() {
        let refused = |raw: &str, pointer: Option<&str>| {
            let refusal = Params::parse(raw).expect_err(raw);
            assert_eq!(refusal.slug, Slug::InvalidParameter, "{raw}");
            assert_eq!(refusal.pointer.as_deref(), pointer, "{raw}");
        };
        for value in [
            "%",
            "%4",
            "%zz+",
            "a%f",
            "%+1",
            "%ff%fe",
            "%c3",
            "%ed%a0%80",
        ] {
            refused(&format!("q={value}"), Some("q"));
            refused(&format!("limit=1&unknown={value}&q=a"), Some("unknown"));
            refused(&format!("{value}=a"), None);
        }
        let params = Params::parse("q=%C3%a4+%25&&x").expect("it can be read");
        assert_eq!(params.text("q"), Some("ä %"));
    }

    #[test]
    fn numbers_flags_and_limits_name_the_parameter_when_they_are_wrong() {
        let params =
            Params::parse("min_size=1e3&online=maybe&limit=201&empty=&n=18446744073709551615")
                .expect("it can be read");
        assert_eq!(params.number("n").unwrap(), Some(u64::MAX));
        assert_eq!(params.number("empty").unwrap(), None);
        let refusal = params.number("min_size").unwrap_err();
        assert_eq!(refusal.slug, Slug::InvalidParameter);
        assert_eq!(refusal.pointer.as_deref(), Some("min_size"));
        assert_eq!(
            params.flag("online").unwrap_err().slug,
            Slug::InvalidParameter
        );
        assert_eq!(params.limit().unwrap_err().slug, Slug::InvalidField);
    }
}
