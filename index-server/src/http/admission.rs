//! Who may speak to the index at all: looked at before any route, by address, `Host`, `Origin` and
//! proxy headers alone.
//!
//! Pure: it must not know the state of the network.

use std::net::IpAddr;

use http::uri::Authority;
use http::{Method, request};
use protocol::address::is_neighbour;
use protocol::door;
use protocol::machine::MachineNames;
use protocol::problem::Slug;
use protocol::routes::DOWNLOADS;

use crate::command::Refusal;
use crate::http::proxies::Proxies;
use crate::view::Vantage;

/// The rules that a request must pass.
#[derive(Debug, Clone)]
pub struct Gate {
    allows_public: bool,
    names: MachineNames,
    proxies: Proxies,
}

impl Gate {
    /// Open mode: neighbours only.
    pub fn open(machine_name: &str, allowed_hosts: &[String]) -> Self {
        Self {
            allows_public: false,
            names: MachineNames::new(machine_name, allowed_hosts),
            proxies: Proxies::default(),
        }
    }

    /// The same, with these proxies believed.
    #[must_use]
    pub fn behind(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The same for every address there is.
    #[must_use]
    pub fn with_public(mut self) -> Self {
        self.allows_public = true;
        self
    }

    /// Looks at the head of a request that came over a connection seen so; yields the address of
    /// its client, which is another than the connection's where a trusted proxy says so.
    ///
    /// # Errors
    /// `public-address-refused`, `forwarded-refused`, `invalid-request`, `forbidden-host`,
    /// `forbidden-origin`.
    pub fn check(&self, head: &request::Parts, vantage: &Vantage) -> Result<IpAddr, Refusal> {
        let client = self.proxies.client(vantage.remote, &head.headers);
        self.check_address(*client.as_ref().unwrap_or(&vantage.remote))?;
        let client = client?;
        let host = door::host(head)?;
        if let Some(host) = &host {
            self.check_host(host)?;
        }
        // A redirect is counted.
        let counts = head.method == Method::GET && head.uri.path().starts_with(DOWNLOADS);
        if counts {
            door::check_changing_origin(head, host.as_ref())?;
        }
        door::check_origin(head, host.as_ref())?;
        Ok(client)
    }

    fn check_address(&self, remote: IpAddr) -> Result<(), Refusal> {
        if self.allows_public || is_neighbour(remote) {
            return Ok(());
        }
        let detail = format!(
            "this index serves its own network, and {remote} is a public address; whoever runs \
             the index may start it with --allow-public, or join its network (a VPN counts)"
        );
        Err(Refusal::new(Slug::PublicAddressRefused, detail))
    }

    /// A name that somebody else controls is how a web page reaches into a private network (DNS
    /// rebinding).
    fn check_host(&self, host: &Authority) -> Result<(), Refusal> {
        if self.names.knows(host.host()) {
            return Ok(());
        }
        let detail = format!(
            "this index does not go by the name {:?}; use its address, or start it with \
             --allow-host and that name",
            host.host()
        );
        Err(Refusal::new(Slug::ForbiddenHost, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lines` are the request line without version and then headers; the answer is the slug.
    fn check(remote: &str, lines: &[&str], expected: Option<Slug>) {
        let gate = Gate::open("Attic.example", &["Files.Home".to_owned()]);
        let (method, uri) = lines[0].split_once(' ').unwrap();
        let mut request = http::Request::builder().method(method).uri(uri);
        for line in &lines[1..] {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let vantage = Vantage {
            remote: remote.parse().unwrap(),
            local: "192.168.1.1".parse().unwrap(),
        };
        let found = gate
            .check(&head, &vantage)
            .err()
            .map(|refusal| refusal.slug);
        assert_eq!(found, expected, "{remote} {lines:?}");
    }

    #[test]
    fn open_mode_serves_neighbours_and_refuses_the_internet() {
        for near in [
            "127.0.0.1",
            "::1",
            "10.9.8.7",
            "172.16.0.1",
            "192.168.3.4",
            "100.64.0.1",
            "100.127.255.255",
            "fd12::1",
            "fe80::1",
            "169.254.7.7",
            "::ffff:10.0.0.1",
        ] {
            check(near, &["GET /", "host: 192.168.1.1:7070"], None);
        }
        for far in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "100.63.0.1",
            "2600::1",
            "fec0::1",
        ] {
            let refused = Some(Slug::PublicAddressRefused);
            check(far, &["GET /", "host: 192.168.1.1:7070"], refused);
        }
    }

    #[test]
    fn the_host_must_be_an_address_or_a_name_of_this_machine() {
        for ours in [
            "192.168.1.1:7070",
            "192.168.1.1",
            "[::1]:7070",
            "[fd00::1]",
            "localhost:7070",
            "LOCALHOST",
            "attic",
            "attic.local:7070",
            "attic.example:7070",
            "Attic.Example.",
            "files.home",
        ] {
            check("::1", &["GET /", &format!("host: {ours}")], None);
        }
        for foreign in [
            "evil.example",
            "127.0.0.1.evil.example",
            "attic.evil",
            "localhost.evil",
            "evil@127.0.0.1",
            "127.0.0.1:abc",
            "127.0.0.1:99999",
        ] {
            let host = format!("host: {foreign}");
            check("::1", &["GET /", &host], Some(Slug::ForbiddenHost));
            check(
                "::1",
                &["POST /api/v1/files/batch", &host],
                Some(Slug::ForbiddenHost),
            );
        }
        check("::1", &["GET /"], Some(Slug::InvalidRequest));
        check("::1", &["GET /", "host: a b"], Some(Slug::InvalidRequest));
        let two = ["GET /", "host: localhost", "host: evil.example"];
        check("::1", &two, Some(Slug::InvalidRequest));
        let split = ["GET http://evil.example/", "host: localhost"];
        check("::1", &split, Some(Slug::InvalidRequest));
    }

    #[test]
    fn foreign_pages_change_nothing_and_watch_nothing() {
        let host = "host: 192.168.1.1:7070";
        let forbidden = Some(Slug::ForbiddenOrigin);
        for origin in [
            "http://evil.example",
            "https://192.168.1.1:7070",
            "http://192.168.1.1",
            "http://192.168.1.1:8080",
            "null",
            "file://",
            "",
        ] {
            let origin = format!("origin: {origin}");
            for changing in [
                "POST /api/v1/peers/register",
                "DELETE /api/v1/files/1",
                "PUT /",
            ] {
                check("::1", &[changing, host, &origin], forbidden);
            }
            check("::1", &["GET /ws", host, &origin], forbidden);
            check("::1", &["GET /api/v1/ws?since=1", host, &origin], forbidden);
            check("::1", &["GET /download/1", host, &origin], forbidden);
            check("::1", &["HEAD /download/1", host, &origin], None);
            check("::1", &["GET /api/v1/stats", host, &origin], None);
        }
        let own = "origin: http://192.168.1.1:7070";
        check("::1", &["POST /api/v1/peers/register", host, own], None);
        check("::1", &["GET /ws", host, own], None);
        check("::1", &["GET /download/1", host, own], None);
        check("::1", &["GET /download/1", host], None);
        let default_port = ["POST /", "host: localhost", "origin: http://localhost:80"];
        check("::1", &default_port, None);
        let two = ["POST /", host, own, "origin: http://evil.example"];
        check("::1", &two, forbidden);
    }

    #[test]
    fn requests_that_came_through_a_proxy_are_refused() {
        for header in [
            "x-forwarded-for: 1.2.3.4",
            "forwarded: for=1.2.3.4",
            "x-real-ip: 1.2.3.4",
        ] {
            let lines = ["GET /", "host: localhost", header];
            check("127.0.0.1", &lines, Some(Slug::ForwardedRefused));
        }
    }

    #[test]
    fn behind_a_trusted_proxy_its_client_is_looked_at() {
        let proxies = Proxies::new(vec!["192.168.1.9/32".parse().unwrap()]);
        let gate = Gate::open("attic", &[]).behind(proxies);
        let client = |address: &str| {
            let request = http::Request::get("/").header("host", "localhost");
            let request = request.header("x-forwarded-for", address).body(()).unwrap();
            let vantage = Vantage {
                remote: "192.168.1.9".parse().unwrap(),
                local: "192.168.1.1".parse().unwrap(),
            };
            let client = gate.check(&request.into_parts().0, &vantage);
            client.map_err(|refusal| refusal.slug)
        };
        assert_eq!(client("10.0.0.7"), Ok("10.0.0.7".parse().unwrap()));
        assert_eq!(client("8.8.8.8"), Err(Slug::PublicAddressRefused));
    }

    #[test]
    fn the_internet_is_served_when_it_is_allowed() {
        let gate = Gate::open("attic", &[]).with_public();
        assert!(gate.check_address("8.8.8.8".parse().unwrap()).is_ok());
    }
}
