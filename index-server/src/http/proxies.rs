//! Proxies that are believed when they say for whom they speak: on a connection of one of them the
//! forwarding headers of a request name its client.
//!
//! Pure. Must not know what the client may do.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use protocol::problem::Slug;

use crate::command::Refusal;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The networks whose word on their clients is taken.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    networks: Vec<IpNet>,
}

impl Proxies {
    /// Those of these networks; of IPv4 in its own form.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks }
    }

    /// Whether the word of `address` is taken.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The client of a request that came on a connection from `sender`: the sender itself where no
    /// header tells of another, else the last address told that is no trusted proxy. What stands
    /// before that one anybody may have written.
    ///
    /// # Errors
    /// `forwarded-refused` when the sender is not trusted, `invalid-request` when no address can be
    /// read where one is told.
    pub fn client(&self, sender: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Refusal> {
        let told = [X_FORWARDED_FOR, FORWARDED, X_REAL_IP].map(|name| headers.contains_key(name));
        if !told.contains(&true) {
            return Ok(sender);
        }
        if !self.trusts(sender) {
            return Err(untrusted(sender));
        }
        let client = match told {
            [true, false, _] => self.last_stranger(&chain(headers)?)?,
            [false, true, _] => self.last_stranger(&standard_chain(headers)?)?,
            [true, true, _] => {
                // A proxy writes one of them; the other may be what the client made up.
                let client = self.last_stranger(&chain(headers)?)?;
                if client != self.last_stranger(&standard_chain(headers)?)? {
                    return Err(bad("X-Forwarded-For and Forwarded name different clients"));
                }
                client
            }
            [false, false, _] => {
                return Err(bad(
                    "X-Real-IP stands alone; let the proxy send X-Forwarded-For",
                ));
            }
        };
        // Its own machine is another one than this.
        let is_of_proxy = client.is_loopback() && !sender.is_loopback();
        Ok(if is_of_proxy { sender } else { client })
    }

    /// The last of these that is no trusted proxy; the first where all are.
    fn last_stranger(&self, chain: &[&str]) -> Result<IpAddr, Refusal> {
        let mut reached = None;
        for node in chain.iter().rev() {
            let address = address_of(node).ok_or_else(|| {
                bad("an address was expected in X-Forwarded-For or Forwarded, and something else came")
            })?;
            reached = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        reached.ok_or_else(|| bad("X-Forwarded-For or Forwarded is empty"))
    }
}

/// All items of a header that is a list.
fn items(headers: &HeaderMap, name: HeaderName) -> Result<Vec<&str>, Refusal> {
    let mut items = Vec::new();
    for value in headers.get_all(name) {
        let text = value
            .to_str()
            .map_err(|_| bad("X-Forwarded-For or Forwarded is no ASCII text"))?;
        items.extend(text.split(',').map(str::trim));
    }
    Ok(items)
}

/// The addresses of `X-Forwarded-For`, the client's end first.
fn chain(headers: &HeaderMap) -> Result<Vec<&str>, Refusal> {
    items(headers, X_FORWARDED_FOR)
}

/// The nodes of `Forwarded` (RFC 7239), the client's end first; an element that names none is an
/// empty text.
fn standard_chain(headers: &HeaderMap) -> Result<Vec<&str>, Refusal> {
    let elements = items(headers, FORWARDED)?;
    let nodes = elements.into_iter().map(|element| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let node = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        node.map_or("", |(_, value)| value.trim().trim_matches('"'))
    });
    Ok(nodes.collect())
}

/// `10.0.0.9`, `fd00::9`, `[fd00::9]`, and each with a port.
fn address_of(node: &str) -> Option<IpAddr> {
    let bare = node
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(node).parse::<IpAddr>().ok();
    let with_port = || node.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

fn bad(detail: &str) -> Refusal {
    Refusal::new(Slug::InvalidRequest, detail)
}

/// Behind a proxy everybody would look like a neighbour.
fn untrusted(sender: IpAddr) -> Refusal {
    let detail = format!(
        "the request came through a proxy, which this index does not trust: it could not tell its \
         neighbours from the whole Internet; connect to the index directly, or whoever runs it \
         starts it with --trusted-proxy {sender}"
    );
    Refusal::new(Slug::ForwardedRefused, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Result<&str, Slug> = Err(Slug::ForwardedRefused);
    const BAD: Result<&str, Slug> = Err(Slug::InvalidRequest);

    /// Whom an index takes for the client that trusts 10.0.0.0/24, 127.0.0.1 and `fd00::/64`.
    fn check(sender: &str, headers: &[(&'static str, &str)], expected: Result<&str, Slug>) {
        let networks = ["10.0.0.0/24", "127.0.0.1/32", "fd00::/64"];
        let networks = networks.map(|text| text.parse().unwrap());
        let mut told = HeaderMap::new();
        for (name, value) in headers {
            told.append(*name, value.parse().unwrap());
        }
        let client = Proxies::new(networks.to_vec()).client(sender.parse().unwrap(), &told);
        let found = client.map_err(|refusal| refusal.slug);
        let expected = expected.map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(found, expected, "{sender} {headers:?}");
    }

    fn check_list(sender: &str, list: &str, expected: Result<&str, Slug>) {
        check(sender, &[("x-forwarded-for", list)], expected);
    }

    #[test]
    fn only_a_trusted_proxy_is_heard() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            check("10.0.1.1", &[(name, "192.168.1.7")], REFUSED);
        }
        check("10.0.1.1", &[], Ok("10.0.1.1"));
        check("10.0.0.1", &[], Ok("10.0.0.1"));
        for proxy in ["10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1", "fd00::1"] {
            check_list(proxy, "192.168.1.7", Ok("192.168.1.7"));
        }
        check_list("127.0.0.2", "192.168.1.7", REFUSED);
        check_list("fd00:0:0:1::1", "192.168.1.7", REFUSED);
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        check_list("10.0.0.1", "8.8.8.8, 192.168.1.7", Ok("192.168.1.7"));
        check_list("10.0.0.1", "192.168.1.7, 8.8.8.8 ,10.0.0.2", Ok("8.8.8.8"));
        check_list("10.0.0.1", "anything, 192.168.1.7", Ok("192.168.1.7"));
        check_list("10.0.0.1", "10.0.0.9, 10.0.0.2", Ok("10.0.0.9"));
        check_list("10.0.0.1", "::ffff:10.0.0.2", Ok("10.0.0.2"));
        check_list("10.0.0.1", "::ffff:192.168.1.7", Ok("192.168.1.7"));
        check_list("10.0.0.1", "192.168.1.7:5000", Ok("192.168.1.7"));
        check_list("10.0.0.1", "[fd12::7]:5000", Ok("fd12::7"));
        let lines = [
            ("x-forwarded-for", "192.168.1.7"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-real-ip", "10.0.0.2"),
        ];
        check("10.0.0.1", &lines, Ok("192.168.1.7"));
        check_list("127.0.0.1", "127.0.0.1", Ok("127.0.0.1"));
        check_list("10.0.0.1", "127.0.0.1", Ok("10.0.0.1"));
        check_list("10.0.0.1", "127.9.9.9", Ok("10.0.0.1"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "",
            "unknown",
            "192.168.1.7,",
            "192.168.1",
            "a\u{e9}",
            "10.0.0.2 10.0.0.3",
        ] {
            check_list("10.0.0.1", bad, BAD);
        }
        check_list("10.0.0.1", "192.168.1.7, unknown, 10.0.0.2", BAD);
        check("10.0.0.1", &[("x-real-ip", "192.168.1.7")], BAD);
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_simple() {
        let standard = |text: &str, expected| check("10.0.0.1", &[("forwarded", text)], expected);
        standard("for=192.168.1.7", Ok("192.168.1.7"));
        standard(
            "for=8.8.8.8, For=192.168.1.7;proto=https",
            Ok("192.168.1.7"),
        );
        standard("by=10.0.0.1; for=\"[fd12::7]:5000\"", Ok("fd12::7"));
        standard("for=192.168.1.7, for=10.0.0.2", Ok("192.168.1.7"));
        for bad in [
            "for=_hidden",
            "for=unknown",
            "proto=https",
            "192.168.1.7",
            "for=",
        ] {
            standard(bad, BAD);
        }
        let both = |standard: &'static str, expected| {
            let list = ("x-forwarded-for", "192.168.1.7");
            check("10.0.0.1", &[list, ("forwarded", standard)], expected);
        };
        both("for=192.168.1.7", Ok("192.168.1.7"));
        both("for=192.168.1.8", BAD);
    }
}
