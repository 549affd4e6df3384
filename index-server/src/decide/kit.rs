//! Test kit: commands of peers known by a number, in few words.

use std::net::IpAddr;

use jiff::Timestamp;
use protocol::category::Category;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::names::SharePath;
use protocol::peer::Outcome;
use protocol::registration::CheckedFile;
use sha2::{Digest, Sha256};

use crate::command::{Actor, Command, FileChange, Register, Report};
use crate::view::PeerAddress;

/// A moment so many seconds after the start of the tests' time.
pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).expect("in range")
}

/// The id of peer `number`.
pub fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 32])
}

/// The content called `name`.
pub fn content(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

/// The record of the content called `name` at peer `number`.
pub fn file(number: u8, name: &str) -> FileId {
    FileId::of(&peer(number), &content(name))
}

/// The address of peer `number`.
pub fn host(number: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, number])
}

fn token(number: u8) -> String {
    format!("token-{number}")
}

/// Peer `number` with its key and token, from its address.
pub fn actor(number: u8) -> Actor {
    Actor {
        peer: peer(number),
        remote: host(number),
        token: Some(token(number)),
    }
}

/// What peer `number` registers with its key.
pub fn keyed(number: u8) -> Register {
    Register {
        id: Some(peer(number)),
        is_keyed: true,
        fresh_id: peer(number | 0x80),
        name: Some(format!("peer {number}")),
        address: PeerAddress::At(host(number)),
        remote: host(number),
        port: 7071,
        region: String::new(),
        version: "1".into(),
        catalog_digest: None,
        token_sha256: Sha256::digest(token(number)).into(),
    }
}

/// What peer `number` registers without a key: its id becomes that of `number + 128`.
pub fn unkeyed(number: u8) -> Register {
    Register {
        id: None,
        is_keyed: false,
        ..keyed(number)
    }
}

/// Peer `number` registers with its key.
pub fn register(number: u8) -> Command {
    Command::Register(keyed(number))
}

/// Peer `number` is alive.
pub fn heartbeat(number: u8) -> Command {
    Command::Heartbeat(actor(number))
}

/// Peer `number` leaves.
pub fn leave(number: u8) -> Command {
    Command::Leave {
        actor: actor(number),
        id: peer(number),
    }
}

/// The file at `path` holding the content called `name`.
pub fn checked(path: &str, name: &str) -> CheckedFile {
    CheckedFile {
        path: SharePath::new(path).expect("a path"),
        filename: None,
        size_bytes: name.len() as u64,
        hash: content(name),
        pieces_root: None,
        category: Category::Other,
        tags: Vec::new(),
        is_partial: false,
    }
}

/// Registers the content called `name` at `path`.
pub fn add(path: &str, name: &str) -> FileChange {
    FileChange::Add(checked(path, name))
}

/// The same, as an unfinished download.
pub fn add_partial(path: &str, name: &str) -> FileChange {
    FileChange::Add(CheckedFile {
        is_partial: true,
        ..checked(path, name)
    })
}

/// Withdraws the content called `name` of peer `number`, or one name of it.
pub fn remove(number: u8, name: &str, path: Option<&str>) -> FileChange {
    FileChange::Remove {
        id: file(number, name),
        path: path.map(str::to_owned),
    }
}

/// Peer `number` changes its files.
pub fn change(number: u8, changes: Vec<FileChange>) -> Command {
    Command::ChangeFiles {
        actor: actor(number),
        changes,
        is_long: false,
    }
}

/// Peer `number` votes for the content called `name` at peer `owner`.
pub fn rate(number: u8, owner: u8, name: &str, stars: u8) -> Command {
    Command::Rate {
        actor: actor(number),
        file: file(owner, name),
        stars,
    }
}

/// Peer `number` reports on a transfer of the content called `name` from `about`.
pub fn report(number: u8, about: u8, name: &str, outcome: Outcome) -> Command {
    Command::Report {
        actor: actor(number),
        report: Report {
            about: peer(about),
            content: content(name),
            outcome,
            bytes: 1 << 24,
        },
    }
}

/// A redirect to the content called `name` at peer `owner`.
pub fn download(owner: u8, name: &str) -> Command {
    Command::CountDownload {
        file: file(owner, name),
    }
}
