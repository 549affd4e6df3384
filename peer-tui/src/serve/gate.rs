//! Who may speak to this peer: looked at before any route, by address, `Host` and `Origin` alone.
//!
//! Pure.

use std::net::IpAddr;

use http::request;
use http::uri::Authority;
use protocol::address::is_neighbour;
use protocol::door;
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
        let host = door::host(head)?;
        if let Some(host) = &host {
            self.check_host(host)?;
        }
        Ok(door::check_origin(head, host.as_ref())?)
    }

    /// A name that somebody else controls is how a web page reaches into a private network (DNS
    /// rebinding).
    fn check_host(&self, host: &Authority) -> Result<(), Problem> {
        if self.names.knows(host.host()) {
            return Ok(());
        }
        let detail = format!(
            "this peer does not go by the name {:?}; use its address",
            host.host()
        );
        Err(Problem::new(Slug::ForbiddenHost, detail))
    }
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
        check("::1", "GET http://evil.example/", &[near], invalid);
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
        let own = ("origin", "http://10.0.0.1:7071");
        let two = [host, own, ("origin", "http://evil.example")];
        check("::1", "GET /ws", &two, forbidden);
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
