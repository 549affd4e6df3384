//! Boxes on shaped links: network namespaces on one switch, removed with the value that made them.
//!
//! Knows `ip`; knows no program that runs inside.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::switch::{Counters, Plug, Switch};
use crate::{Outcome, tap};

/// The congestion control that most machines of the world use.
const CONGESTION: &str = "cubic";

/// How a box is connected, in Mbit/s; 0 for no limit.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Out of the box.
    pub up_mbit: u64,
    /// Into the box.
    pub down_mbit: u64,
}

struct Place {
    address: String,
    namespace: String,
    counters: Arc<Counters>,
}

/// The boxes of one run.
pub struct Net {
    places: BTreeMap<String, Place>,
    /// Ends before the namespaces go.
    switch: Option<Switch>,
}

impl Net {
    /// Makes the boxes; a frame is `delay` from any to any other.
    pub fn make(boxes: &[(String, Link)], delay: Duration) -> Outcome<Self> {
        can_be_made()?;
        let mut net = Self {
            places: BTreeMap::new(),
            switch: None,
        };
        let mut plugs = Vec::new();
        for (number, (name, link)) in (1_usize..).zip(boxes) {
            let namespace = format!("peerdex-swarm-{}-{name}", std::process::id());
            let place = Place {
                address: format!("10.77.0.{number}"),
                namespace,
                counters: Arc::default(),
            };
            ip(&["netns", "add", &place.namespace])?;
            let device = format!("pdx{}-{number}", std::process::id() % 1_000_000);
            let made = tap::make(&device).map_err(|error| format!("make a TAP device: {error}"));
            let counters = place.counters.clone();
            let address = place.address.clone();
            let namespace = place.namespace.clone();
            net.places.insert(name.clone(), place);
            plugs.push(Plug {
                tap: made?,
                up_mbit: link.up_mbit,
                down_mbit: link.down_mbit,
                counters,
            });
            plug_in(&namespace, &device, &address)?;
        }
        net.switch = Some(Switch::start(plugs, delay));
        Ok(net)
    }

    /// A command line that runs in a box.
    pub fn inside(&self, name: &str, program: &Path) -> Command {
        let mut line = Command::new("ip");
        line.args(["netns", "exec", &self.places[name].namespace]);
        line.arg(program);
        line
    }

    /// The address of a box.
    pub fn address(&self, name: &str) -> &str {
        &self.places[name].address
    }

    /// Bytes of TCP payload that a box sent so far.
    pub fn sent(&self, name: &str) -> u64 {
        self.places[name]
            .counters
            .sent_bytes
            .load(Ordering::Relaxed)
    }

    /// Bytes of TCP payload that a box got so far.
    pub fn got(&self, name: &str) -> u64 {
        self.places[name].counters.got_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.switch = None;
        for place in self.places.values() {
            if let Err(error) = ip(&["netns", "delete", &place.namespace]) {
                eprintln!("{error}");
            }
        }
    }
}

/// Says what is missing for namespaces, if anything is.
fn can_be_made() -> Outcome<()> {
    if !rustix::process::geteuid().is_root() {
        return Err("network namespaces need root: run this bench as root".into());
    }
    if !Path::new("/dev/net/tun").try_exists()? {
        return Err("there is no /dev/net/tun: load the tun module of the kernel".into());
    }
    Ok(())
}

fn plug_in(namespace: &str, device: &str, address: &str) -> Outcome<()> {
    let own = ["-netns", namespace];
    let inside = |words: &[&str]| ip(&[own.as_slice(), words].concat());
    ip(&["link", "set", device, "netns", namespace])?;
    inside(&["link", "set", device, "name", "eth0"])?;
    inside(&["link", "set", "lo", "up"])?;
    let quiet = format!(
        "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; \
         echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save; \
         echo {CONGESTION} > /proc/sys/net/ipv4/tcp_congestion_control"
    );
    ip(&["netns", "exec", namespace, "sh", "-c", &quiet])?;
    inside(&[
        "address",
        "add",
        &format!("{address}/24"),
        "brd",
        "+",
        "dev",
        "eth0",
    ])?;
    inside(&["link", "set", "eth0", "up"])?;
    inside(&["route", "add", "default", "dev", "eth0"])
}

/// While it lives, a namespace may use [`CONGESTION`]; then the list of the machine is as before.
pub struct Allowed(Option<String>);

const ALLOWED: &str = "/proc/sys/net/ipv4/tcp_allowed_congestion_control";

impl Allowed {
    /// Adds it to the list.
    pub fn make() -> io::Result<Self> {
        let list = fs::read_to_string(ALLOWED)?;
        let list = list.trim().to_owned();
        if list.split_whitespace().any(|name| name == CONGESTION) {
            return Ok(Self(None));
        }
        fs::write(ALLOWED, format!("{list} {CONGESTION}"))?;
        Ok(Self(Some(list)))
    }
}

impl Drop for Allowed {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|list| fs::write(ALLOWED, list)) {
            eprintln!("{ALLOWED}: {error}");
        }
    }
}

fn ip(words: &[&str]) -> Outcome<()> {
    let done = Command::new("ip")
        .args(words)
        .output()
        .map_err(|error| format!("run ip (of iproute2): {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("ip {}: {}", words.join(" "), said.trim()).into())
}
