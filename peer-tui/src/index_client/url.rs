//! The address of an index as people write it, checked once.
//!
//! Knows texts: it resolves no name and opens no connection.

use std::fmt;
use std::str::FromStr;

/// Port of an index where none is written, also behind `http://`: a missing port is the commonest
/// slip, and nobody runs an index on port 80 by accident.
pub const DEFAULT_PORT: u16 = 7070;

/// The base address of an index: `http://HOST:PORT`, nothing behind it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndexUrl {
    text: String,
    url: reqwest::Url,
}

/// Why a text is not the address of an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Encrypted indexes are not spoken to yet.
    #[error("{0}: an index is spoken to over plain http, write http:// in place of https://")]
    Encrypted(String),
    /// Something else.
    #[error(
        "{0:?} is not the address of an index: write it like http://192.168.1.5:7070 or nas:7070"
    )]
    Malformed(String),
}

impl IndexUrl {
    /// `http://HOST:PORT`, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of a path of the contract (starting with a slash).
    pub fn at(&self, path: &str) -> reqwest::Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    /// `HOST:PORT`.
    pub fn authority(&self) -> &str {
        self.text.trim_start_matches("http://")
    }

    /// `ws://HOST:PORT` and `path`.
    pub fn socket_at(&self, path: &str) -> String {
        format!("ws://{}{path}", self.authority())
    }
}

impl FromStr for IndexUrl {
    type Err = UrlError;

    /// Reads `http://host:port`, `host:port`, `host`, `[::1]:7070` and a bare IPv6 address.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let malformed = || UrlError::Malformed(text.to_owned());
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", _)) => return Err(UrlError::Encrypted(text.to_owned())),
            Some(_) => return Err(malformed()),
            None => text,
        };
        let authority = rest.trim_end_matches('/');
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || "/?#@\\%".contains(c);
        if authority.is_empty() || authority.contains(is_odd) {
            return Err(malformed());
        }
        let authority = match authority.parse::<std::net::Ipv6Addr>() {
            Ok(_) => format!("[{authority}]"),
            Err(_) => authority.to_owned(),
        };
        let mut url =
            reqwest::Url::parse(&format!("http://{authority}/")).map_err(|_| malformed())?;
        if !url.has_host() || url.port() == Some(0) || !url.username().is_empty() {
            return Err(malformed());
        }
        // `Url` drops port 80 as the default of http, so it is asked of the text.
        let port = if authority.ends_with(":80") {
            80
        } else {
            url.port().unwrap_or(DEFAULT_PORT)
        };
        url.set_port(Some(port)).map_err(|()| malformed())?;
        let host = url.host_str().ok_or_else(malformed)?;
        let text = format!("http://{host}:{port}");
        Ok(Self { text, url })
    }
}

impl fmt::Display for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for IndexUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexUrl({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let url = text.parse::<IndexUrl>().ok();
        assert_eq!(url.as_ref().map(IndexUrl::as_str), expected, "{text:?}");
    }

    #[test]
    fn an_index_is_written_in_many_ways() {
        check("http://nas:7070", Some("http://nas:7070"));
        check("http://nas:7070/", Some("http://nas:7070"));
        check("nas:8080", Some("http://nas:8080"));
        check("nas", Some("http://nas:7070"));
        check("http://nas", Some("http://nas:7070"));
        check("http://nas:80", Some("http://nas:80"));
        check("192.168.1.5", Some("http://192.168.1.5:7070"));
        check("[::1]:7171", Some("http://[::1]:7171"));
        check("::1", Some("http://[::1]:7070"));
        check("http://[fd00::1]", Some("http://[fd00::1]:7070"));
        for bad in [
            "",
            "http://",
            "ftp://nas",
            "nas:0",
            "nas:99999",
            "a b",
            "u@nas",
            "nas/x",
            "nas?x",
        ] {
            check(bad, None);
        }
        let error = "https://nas".parse::<IndexUrl>().unwrap_err();
        assert!(error.to_string().contains("plain http"), "{error}");
    }

    #[test]
    fn paths_and_sockets_hang_below_it() {
        let url: IndexUrl = "http://nas:80".parse().unwrap();
        assert_eq!(url.at("/healthz").path(), "/healthz");
        assert_eq!(url.socket_at("/ws"), "ws://nas:80/ws");
    }
}
