//! GET `/content/{hash}.meta4`: the holders of a content as a Metalink (RFC 5854), with which a
//! plain downloader takes parts from many peers at once and checks the whole.
//!
//! Knows no more of the network than the answer about a content says.

use std::fmt::Write as _;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use protocol::file::ContentInfo;
use protocol::problem::Slug;
use protocol::routes;
use warp::reply::Response;

use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::{content, reply};

/// Most holders that are named: no downloader speaks to more.
const HOLDERS_MAX_COUNT: usize = 100;

/// GET `/content/{hash}.meta4`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    let info = content::find(&call)?;
    let text = document(&info).ok_or_else(|| {
        let detail = "nobody who has all of this content is online now; try again later";
        Refusal::new(Slug::NoSourceOnline, detail)
    })?;
    let mut response = reply::text("application/metalink4+xml", text);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The Metalink of a content; `None` when nobody is online who has all of it: a downloader takes
/// the refusal of a range for the end of its source.
fn document(info: &ContentInfo) -> Option<String> {
    let holders = info
        .sources
        .iter()
        .filter(|source| source.is_online && !source.partial)
        .take(HOLDERS_MAX_COUNT);
    let mut urls = String::new();
    for (source, priority) in holders.zip(1..) {
        let (address, path) = (&source.address, routes::content(&info.hash));
        let _ = writeln!(
            urls,
            "    <url priority=\"{priority}\">http://{address}{path}</url>"
        );
    }
    if urls.is_empty() {
        return None;
    }
    let hash = info.hash.to_string();
    let name = escape(info.names.first().unwrap_or(&hash));
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">\n\
         \u{20} <generator>index-server/{version}</generator>\n\
         \u{20} <file name=\"{name}\">\n\
         \u{20}   <size>{size}</size>\n\
         \u{20}   <hash type=\"sha-256\">{hash}</hash>\n\
         {urls}\
         \u{20} </file>\n\
         </metalink>\n",
        version = env!("CARGO_PKG_VERSION"),
        size = info.size,
    ))
}

/// Text as it stands within an attribute; what XML has no way to say becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_stands_in_an_attribute() {
        let check = |name: &str, expected: &str| assert_eq!(escape(name), expected, "{name:?}");
        check("o'brien & co.txt", "o'brien &amp; co.txt");
        check("\"/><file name=\"x", "&quot;/&gt;&lt;file name=&quot;x");
        check("two\nlines\tand\r", "two&#10;lines&#9;and&#13;");
        check("\u{1b}[2J\0", "\u{fffd}[2J\u{fffd}");
        check("写真 \u{202e}txt", "写真 \u{202e}txt");
    }
}
