//! Who may speak to this peer: looked at before any route, by address, `Host` and `Origin` alone.
//!
//! Pure.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method, Version, request};
use protocol::address::is_neighbour;
use protocol::machine::MachineNames;
use protocol::problem::{Problem, Slug};

/// The rules that a request must pass.
#[derive(Debug, Clone)]
pub struct Gate {
    names: MachineNames,
}

impl Gate {
    /// For a machine of this name, and further names.
    pub fn new(machine: &str, further: &[String]) -> Self {
        Self {
            names: MachineNames::new(machine, further),
        }
    }

    /// Looks at the head of a request.
    ///
    /// # Errors
    /// `public-address-refused`, `invalid-request`, `forbidden-host`, `forbidden-origin`.
    pub fn check(&self, head: &request::Parts, remote: IpAddr) -> Result<(), Problem> {
        if !is_neighbour(remote) {
            let detail = format!(
                "this peer serves its own network, and {remote} is a public address; join its \
                 network (a VPN counts)"
            );
            return Err(Problem::new(Slug::PublicAddressRefused, detail));
        }
        let host = self.check_host(head)?;
        let is_reading = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if !is_reading || head.uri.path() == protocol::routes::FEED {
            check_origin(&head.headers, host.as_ref())?;
        }
        Ok(())
    }

    /// A name that somebody else controls is how a web page reaches into a private network (DNS
    /// rebinding).
    fn check_host(&self, head: &request::Parts) -> Result<Option<Authority>, Problem> {
        let mut hosts = head.headers.get_all(HOST).iter();
        let invalid = |detail: &str| Problem::new(Slug::InvalidRequest, detail);
        let value = match (hosts.next(), hosts.next()) {
            (Some(value), None) => value,
            (None, _) if head.version < Version::HTTP_11 => return Ok(None),
            _ => return Err(invalid("the request must have one Host header")),
        };
        let host = Authority::try_from(value.as_bytes())
            .map_err(|_| invalid("the Host header is no host and port"))?;
        if self.names.knows(host.host()) {
            return Ok(Some(host));
        }
        let detail = format!(
            "this peer does not go by the name {:?}; use its address",
            host.host()
        );
        Err(Problem::new(Slug::ForbiddenHost, detail))
    }
}

/// A page may call only the place it came from.
fn check_origin(headers: &HeaderMap, host: Option<&Authority>) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("http://"))
        .and_then(|text| text.parse::<Authority>().ok());
    let port = |authority: &Authority| authority.port_u16().unwrap_or(80);
    let is_same = authority.zip(host).is_some_and(|(origin, host)| {
        origin.host().eq_ignore_ascii_case(host.host()) && port(&origin) == port(host)
    });
    if is_same {
        return Ok(());
    }
    let detail = "pages of another origin may not change anything here or watch the feed";
    Err(Problem::new(Slug::ForbiddenOrigin, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        remote: &str,
        method_and_path: &str,
        headers: &[(&str, &str)],
        expected: Option<Slug>,
    ) {
        let (method, path) = method_and_path.split_once(' ').unwrap();
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let gate = Gate::new("Attic.example", &["files.home".to_owned()]);
        let found = gate.check(&head, remote.parse().unwrap()).err();
        let slug = found.map(|problem| problem.slug.parse().unwrap());
        assert_eq!(slug, expected, "{remote} {method_and_path} {headers:?}");
    }

    #[test]
    fn neighbours_by_our_names_only() {
        let near = ("host", "10.0.0.1:7071");
        check("10.1.2.3", "GET /healthz", &[near], None);
        check(
            "8.8.8.8",
            "GET /",
            &[near],
            Some(Slug::PublicAddressRefused),
        );
        for ours in [
            "localhost",
            "attic:7071",
            "attic.local",
            "ATTIC.example",
            "[::1]:1",
            "files.home",
        ] {
            check("::1", "GET /", &[("host", ours)], None);
        }
        for foreign in ["evil.example", "attic.evil", "127.0.0.1.evil.example"] {
            check(
                "::1",
                "GET /",
                &[("host", foreign)],
                Some(Slug::ForbiddenHost),
            );
        }
        let invalid = Some(Slug::InvalidRequest);
        check("::1", "GET /", &[], invalid);
        check("::1", "GET /", &[near, ("host", "evil.example")], invalid);
    }

    #[test]
    fn foreign_pages_watch_nothing() {
        let host = ("host", "10.0.0.1:7071");
        let forbidden = Some(Slug::ForbiddenOrigin);
        check(
            "::1",
            "GET /ws",
            &[host, ("origin", "http://evil.example")],
            forbidden,
        );
        check("::1", "POST /x", &[host, ("origin", "null")], forbidden);
        check(
            "::1",
            "GET /ws",
            &[host, ("origin", "http://10.0.0.1:7071")],
            None,
        );
        check(
            "::1",
            "GET /content/x",
            &[host, ("origin", "http://evil.example")],
            None,
        );
    }
}
