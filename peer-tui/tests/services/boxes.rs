//! Two boxes with a cable between them: network namespaces joined by a veth pair. Nothing of
//! them touches the network of the machine, and both go away with the test, however it ends.

use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::programs::{output, program};

/// The boxes of this process so far: tests run side by side.
static MADE: AtomicU8 = AtomicU8::new(0);

/// A network namespace with loopback and one address on the cable.
pub struct NetworkBox {
    name: String,
    /// Its IPv4 address.
    pub address: String,
}

/// Two boxes that reach each other and nobody else.
pub fn pair() -> (NetworkBox, NetworkBox) {
    assert!(
        rustix::process::geteuid().is_root(),
        "network namespaces need root: run these tests as root"
    );
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = |side| format!("peerdex-{}-{number}-{side}", std::process::id());
    let net = format!("10.77.{number}");
    let left = NetworkBox::make(name("left"), format!("{net}.1"));
    let right = NetworkBox::make(name("right"), format!("{net}.2"));
    let (one, other) = (left.name.as_str(), right.name.as_str());
    let cable = ["link", "add", "name", "eth0", "netns", one, "type", "veth"];
    let end = ["peer", "name", "eth0", "netns", other];
    ip(&[cable.as_slice(), end.as_slice()].concat());
    left.plug_in();
    right.plug_in();
    (left, right)
}

impl NetworkBox {
    fn make(name: String, address: String) -> Self {
        ip(&["netns", "add", &name]);
        let made = Self { name, address };
        made.ip(&["link", "set", "lo", "up"]);
        made
    }

    fn plug_in(&self) {
        let address = format!("{}/24", self.address);
        self.ip(&["address", "add", &address, "dev", "eth0"]);
        self.ip(&["link", "set", "eth0", "up"]);
        self.ip(&["route", "add", "224.0.0.0/4", "dev", "eth0"]);
    }

    fn ip(&self, words: &[&str]) {
        ip(&[["-netns", self.name.as_str()].as_slice(), words].concat());
    }

    /// The words before a command line that run it in this box.
    pub fn words(&self) -> Vec<String> {
        let ip = program("ip", "iproute2");
        let ip = ip.get_program().to_string_lossy();
        [&ip, "netns", "exec", &self.name].map(str::to_owned).into()
    }

    /// The same command line in this box.
    pub fn inside(&self, line: &Command) -> Command {
        let mut inside = program("ip", "iproute2");
        inside.args(["netns", "exec", &self.name]);
        inside.arg(line.get_program()).args(line.get_args());
        inside
    }
}

impl Drop for NetworkBox {
    fn drop(&mut self) {
        let mut line = program("ip", "iproute2");
        if let Err(error) = line.args(["netns", "delete", &self.name]).status() {
            eprintln!("ip netns delete {}: {error}", self.name);
        }
    }
}

fn ip(words: &[&str]) {
    output(program("ip", "iproute2").args(words));
}
