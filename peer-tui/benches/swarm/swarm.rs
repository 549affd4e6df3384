//! An index, those who hold the file and those who want it, each in its box: what every case starts
//! from.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use crate::Outcome;
use crate::cases::Trace;
use crate::net::{Link, Net};
use crate::programs::{Index, Peer};

/// The file that everybody wants.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Its name.
pub const FILE_NAME: &str = "flood.bin";
/// No case takes longer.
pub const CASE_MAX: Duration = Duration::from_mins(2);

/// A swarm; processes end before the boxes go.
pub struct Swarm {
    peers: Vec<(String, Peer)>,
    wanting: Vec<String>,
    /// The index.
    pub index: Index,
    /// The boxes.
    pub net: Net,
    /// Hash of the file.
    pub hash: String,
    /// All that is known of the file.
    pub hashes: Value,
    /// Where everybody keeps everything.
    pub folder: tempfile::TempDir,
}

impl Swarm {
    /// Everybody is started and known to the index, the holders with the file.
    pub fn make(
        boxes: &[(&str, Link)],
        delay: Duration,
        holding: &[&str],
        wanting: &[&str],
    ) -> Outcome<Self> {
        let folder = tempfile::Builder::new()
            .prefix("peerdex-swarm-")
            .tempdir()?;
        let boxes: Vec<_> = boxes
            .iter()
            .map(|(name, link)| ((*name).to_owned(), *link))
            .collect();
        let net = Net::make(&boxes, delay)?;
        let index = Index::start(&net, "index", folder.path())?;
        let mut bytes = vec![0; usize::try_from(FILE_BYTES)?];
        rand::rngs::SmallRng::seed_from_u64(7).fill(&mut bytes[..]);
        let mut swarm = Self {
            peers: Vec::new(),
            wanting: wanting.iter().map(|name| (*name).to_owned()).collect(),
            index,
            net,
            hash: String::new(),
            hashes: Value::Null,
            folder,
        };
        for name in holding.iter().chain(wanting) {
            let mut peer = Peer::new(name, swarm.folder.path(), &swarm.index)?;
            let is_holding = holding.contains(name);
            if is_holding {
                let path = peer.share().join(FILE_NAME);
                fs::write(&path, &bytes)?;
                if swarm.hash.is_empty() {
                    let path = path.to_string_lossy();
                    let told = peer.command(&["hash", "--json", &path])?.output()?;
                    swarm.hashes = serde_json::from_slice(&told.stdout)?;
                    let hash = swarm.hashes["hash"].as_str();
                    swarm.hash = hash.ok_or("hash --json tells the hash")?.to_owned();
                }
            }
            peer.start(&swarm.net, u64::from(is_holding))?;
            swarm.peers.push(((*name).to_owned(), peer));
        }
        swarm.wait_for_holders(holding.len())?;
        Ok(swarm)
    }

    /// Who is in it, holders first.
    pub fn names(&self) -> Vec<String> {
        self.peers.iter().map(|(name, _)| name.clone()).collect()
    }

    fn peer(&self, name: &str) -> Outcome<&Peer> {
        let found = self.peers.iter().find(|(known, _)| known == name);
        Ok(found.map(|(_, peer)| peer).ok_or("no such peer")?)
    }

    /// Hands a peer out, to be killed.
    pub fn take_peer(&mut self, name: &str) -> Peer {
        let place = self.peers.iter().position(|(known, _)| known == name);
        self.peers.remove(place.unwrap_or(0)).1
    }

    /// Waits until the index names so many online holders of the whole file.
    pub fn wait_for_holders(&self, count: usize) -> Outcome<()> {
        let until = Instant::now() + CASE_MAX;
        let any = self.peers.first().ok_or("nobody is there")?;
        while Instant::now() < until {
            let found = any.1.command(&["search", "--json", &self.hash])?.output()?;
            let found: Value = serde_json::from_slice(&found.stdout).unwrap_or_default();
            if found["results"][0]["sources"] == count {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        Err("the holders did not come to be known".into())
    }

    /// Everybody who wants it asks at once, while `meanwhile` goes on; yields when the last one is
    /// done.
    pub fn fetch(
        &self,
        meanwhile: impl FnOnce(&Self, Instant) -> Outcome<()>,
    ) -> Outcome<Duration> {
        let mut getting = Vec::new();
        let started_at = Instant::now();
        for name in &self.wanting {
            let mut line = self.peer(name)?.command(&["get", &self.hash])?;
            line.stdout(Stdio::null()).stderr(Stdio::null());
            getting.push(line.spawn()?);
        }
        meanwhile(self, started_at)?;
        let is_traced = std::env::var_os("TRACE").is_some();
        let took = std::thread::scope(|scope| -> Outcome<Duration> {
            let waiting = scope.spawn(move || -> std::io::Result<(Duration, bool)> {
                let mut is_good = true;
                for mut child in getting {
                    is_good &= child.wait()?.success();
                }
                Ok((started_at.elapsed(), is_good))
            });
            if is_traced {
                Trace::follow(self, || !waiting.is_finished());
            }
            let done = waiting.join().map_err(|_| "waiting failed")?;
            let (took, is_good) = done?;
            is_good
                .then_some(took)
                .ok_or_else(|| "a download failed".into())
        });
        let took = match took {
            Ok(took) => took,
            Err(error) => {
                for name in &self.wanting {
                    eprintln!("{name}: {}", self.peer(name)?.transfers());
                }
                return Err(error);
            }
        };
        for name in &self.wanting {
            self.check(self.peer(name)?)?;
        }
        Ok(took)
    }

    /// Whether what a peer fetched is the file.
    pub fn check(&self, peer: &Peer) -> Outcome<()> {
        self.check_file(&peer.downloads().join(FILE_NAME))
    }

    /// Whether a file is the one that everybody wants.
    pub fn check_file(&self, path: &Path) -> Outcome<()> {
        let bytes = fs::read(path)?;
        let found = ContentHash::of(&bytes).to_string();
        if found == self.hash {
            return Ok(());
        }
        Err("a fetched file is not the one that was asked for".into())
    }

    /// Waits until a box has got so many bytes.
    pub fn wait_for_bytes(&self, name: &str, bytes: u64) {
        let until = Instant::now() + CASE_MAX;
        while self.net.got(name) < bytes && Instant::now() < until {
            sleep(Duration::from_millis(5));
        }
    }
}

/// The median of some runs.
pub fn median(count: usize, mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<Duration> {
    let count = std::env::var("RUNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(count);
    let mut took = (0..count).map(|_| run()).collect::<Outcome<Vec<_>>>()?;
    took.sort();
    Ok(took[took.len() / 2])
}

/// One line of the result.
pub fn show(case: &str, took: Duration, bound: f64, note: &str) {
    let secs = took.as_secs_f64();
    let ratio = secs / bound;
    println!("{case}: {secs:.2} s, {ratio:.3} of the bound {bound:.2} s; {note}");
}
