//! One published event: made into a frame when the first reader wants it, once for all of them, who
//! write its bytes as they are. Only the address of a peer on the index's own machine differs between readers, so such an event is
//! encoded once for each host under which readers reach this machine.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use protocol::event::{Envelope, Event, FileRemoved, FilesChanged, Topic};
use protocol::file::FileInfo;
use protocol::json;

use crate::feed::{Change, FileNews};
use crate::view::{PeerAddress, PeerEntry, Vantage, file_to_wire};

/// Hosts of one machine that an event is kept encoded for; for more it is encoded anew each time.
const HOSTS_MAX_COUNT: usize = 16;

/// An event with its number and its frames.
#[derive(Debug)]
pub struct Held {
    seq: u64,
    at: Timestamp,
    change: Change,
    frames: Mutex<Vec<(IpAddr, Bytes)>>,
}

impl Held {
    /// A change that was published as number `seq`.
    pub fn new(seq: u64, at: Timestamp, change: Change) -> Self {
        Self {
            seq,
            at,
            change,
            frames: Mutex::default(),
        }
    }

    /// Its number.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What it is about.
    pub fn topic(&self) -> Topic {
        match &self.change {
            Change::PeerRegistered(_)
            | Change::PeerOnline(_)
            | Change::PeerOffline(_)
            | Change::PeerLeft(_) => Topic::Peers,
            Change::FileRegistered(_) | Change::FileRemoved(_) | Change::FilesChanged { .. } => {
                Topic::Files
            }
            Change::Download(_) => Topic::Downloads,
            Change::Stats(_) => Topic::Stats,
        }
    }

    /// About how much memory it holds, encoded forms included.
    pub fn weight_bytes(&self) -> usize {
        const EACH: usize = 1024;
        let of_file = |news: &FileNews| {
            let names = news.entry.names.iter();
            names.map(|name| name.path.len() * 2 + 64).sum::<usize>() + EACH
        };
        match &self.change {
            Change::FileRegistered(news) | Change::FileRemoved(news) | Change::Download(news) => {
                of_file(news)
            }
            Change::FilesChanged { sample, .. } => sample.iter().map(of_file).sum::<usize>() + EACH,
            _ => EACH,
        }
    }

    /// The frame for a reader at `vantage`; `None` if the event has no JSON form.
    pub fn frame(&self, vantage: &Vantage) -> Option<Bytes> {
        let host = match self.address() {
            Some(address @ PeerAddress::SameMachine(_)) => vantage.host_of(address),
            _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = frames.iter().find(|(of, _)| *of == host) {
            return Some(frame.clone());
        }
        let envelope = Envelope {
            seq: self.seq,
            event: self.event(vantage),
            at: self.at,
        };
        let frame = frame(&envelope)?;
        if frames.len() < HOSTS_MAX_COUNT {
            frames.push((host, frame.clone()));
        }
        Some(frame)
    }

    /// Where the peer of this event is reached.
    fn address(&self) -> Option<PeerAddress> {
        match &self.change {
            Change::PeerRegistered(peer)
            | Change::PeerOnline(peer)
            | Change::PeerOffline(peer)
            | Change::PeerLeft(peer) => Some(peer.address),
            Change::FileRegistered(news) | Change::Download(news) => Some(news.owner.address),
            Change::FilesChanged { sample, .. } => sample.first().map(|news| news.owner.address),
            Change::FileRemoved(_) | Change::Stats(_) => None,
        }
    }

    fn event(&self, vantage: &Vantage) -> Event {
        let peer = |entry: &PeerEntry| entry.to_wire(vantage);
        let file = |news: &FileNews| show(news, vantage);
        match &self.change {
            Change::PeerRegistered(entry) => Event::PeerRegistered(peer(entry)),
            Change::PeerOnline(entry) => Event::PeerOnline(peer(entry)),
            Change::PeerOffline(entry) => Event::PeerOffline(peer(entry)),
            Change::PeerLeft(entry) => Event::PeerLeft(peer(entry)),
            Change::FileRegistered(news) => Event::FileRegistered(file(news)),
            Change::FileRemoved(news) => {
                let info = file(news);
                Event::FileRemoved(FileRemoved {
                    id: info.id,
                    owner: info.owner,
                    filename: info.filename,
                    path: info.path,
                })
            }
            Change::FilesChanged {
                owner,
                added,
                updated,
                removed,
                sample,
            } => Event::FilesChanged(FilesChanged {
                owner: *owner,
                added: *added,
                updated: *updated,
                removed: *removed,
                sample: sample.iter().map(file).collect(),
            }),
            Change::Download(news) => Event::Download(file(news)),
            Change::Stats(stats) => Event::NetworkStats(stats.clone()),
        }
    }
}

fn show(news: &FileNews, vantage: &Vantage) -> FileInfo {
    file_to_wire(&news.entry, None, &news.owner, news.sources, vantage)
}

/// A whole text frame (RFC 6455, section 5.2: final, not masked) as it goes over the wire; `None` if
/// the envelope has no JSON form.
pub fn frame(envelope: &Envelope) -> Option<Bytes> {
    const FINAL_TEXT: u8 = 0x81;
    let text = json::escaped(serde_json::to_vec(envelope).ok()?);
    let mut frame = BytesMut::with_capacity(text.len() + 10);
    frame.put_u8(FINAL_TEXT);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(length @ ..126), _) => frame.put_u8(length),
        (_, Ok(length)) => {
            frame.put_u8(126);
            frame.put_u16(length);
        }
        _ => {
            frame.put_u8(127);
            frame.put_u64(text.len() as u64);
        }
    }
    frame.put_slice(&text);
    Some(frame.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::PeerId;
    use std::sync::Arc;

    fn address_seen(address: PeerAddress, remote: &str, local: &str) -> String {
        let peer = PeerEntry {
            id: PeerId::from_bytes([7; 32]),
            name: "attic".into(),
            address,
            port: 7071,
            region: "".into(),
            version: "".into(),
            is_online: true,
            is_verified: true,
            last_seen: Timestamp::UNIX_EPOCH,
            reputation: 50,
            shared_files: 0,
            shared_bytes: 0,
        };
        let change = Change::PeerOnline(Arc::new(peer));
        let held = Held::new(1, Timestamp::UNIX_EPOCH, change);
        let vantage = |remote: &str, local: &str| Vantage {
            remote: remote.parse().unwrap(),
            local: local.parse().unwrap(),
        };
        // Somebody else looked first.
        held.frame(&vantage("10.0.0.8", "10.0.0.1")).unwrap();
        let frame = held.frame(&vantage(remote, local)).unwrap();
        let start = frame.iter().position(|byte| *byte == b'{').unwrap();
        let message: serde_json::Value = serde_json::from_slice(&frame[start..]).unwrap();
        message["data"]["address"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_peer_on_this_machine_is_shown_to_each_reader_under_the_host_it_knows() {
        let here = PeerAddress::SameMachine("127.0.0.1".parse().unwrap());
        assert_eq!(address_seen(here, "127.0.0.1", "127.0.0.1"), "127.0.0.1");
        assert_eq!(address_seen(here, "10.0.0.9", "10.0.0.1"), "10.0.0.1");
        assert_eq!(
            address_seen(here, "192.168.1.9", "192.168.1.1"),
            "192.168.1.1"
        );
        let there = PeerAddress::At("10.0.0.77".parse().unwrap());
        assert_eq!(address_seen(there, "127.0.0.1", "127.0.0.1"), "10.0.0.77");
    }
}
