//! A peer that answers over raw sockets, so that it can misbehave in every way.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use protocol::byte_range::{ByteRange, RangeRequest, parse_range};
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::FileHasher;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Content;

/// How a peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Way {
    Honest,
    /// Wrong bytes under the right list.
    Corrupt,
    /// Another root, with the list and bytes of it.
    OtherRoot,
    /// A list that is not that of its root.
    WrongList,
    Redirect,
    WholeForPart,
    OtherRange,
    OtherLength,
    Encoded,
    OtherTag,
    /// Breaks off in the middle of every answer.
    Short,
    /// More bytes than any answer has, without a length.
    Endless,
    /// Accepts and never answers.
    Silent,
    /// A byte now and then.
    Drip,
    NotFound,
    Changed,
    Garbage,
    /// Busy at first.
    BusyOnce,
    /// So many pieces, then silence.
    StopsAfter(usize),
    /// No pieces, no root.
    Plain,
    PlainWrong,
    /// No pieces; every answer breaks off half-way.
    PlainBreaks,
}

impl Way {
    /// Ways that never bring a file.
    pub(in super::super) const LIES: &[Self] = &[
        Self::Corrupt,
        Self::OtherRoot,
        Self::WrongList,
        Self::Redirect,
        Self::WholeForPart,
        Self::OtherRange,
        Self::OtherLength,
        Self::Encoded,
        Self::OtherTag,
        Self::Endless,
        Self::Silent,
        Self::NotFound,
        Self::Changed,
        Self::Garbage,
        Self::PlainWrong,
    ];

    const fn is_plain(self) -> bool {
        matches!(self, Self::Plain | Self::PlainWrong | Self::PlainBreaks)
    }
}

/// What a peer sends for one content.
#[derive(Clone)]
pub(super) struct Shared {
    bytes: Arc<Vec<u8>>,
    list: Vec<PieceHash>,
    size: u64,
}

impl Shared {
    /// What a peer that behaves so tells the index, and what it sends.
    pub(super) fn of(content: &Content, way: Way) -> (Option<PiecesRoot>, Self) {
        let mut bytes = content.bytes.as_ref().clone();
        if matches!(way, Way::Corrupt | Way::OtherRoot | Way::PlainWrong) {
            bytes.iter_mut().step_by(1000).for_each(|byte| *byte ^= 1);
        }
        let mut hasher = FileHasher::new(content.len());
        hasher.update(&bytes);
        let own = hasher.finish().expect("as long as announced");
        let (root, list) = match way {
            Way::OtherRoot => (Some(own.root), own.pieces),
            Way::WrongList => {
                let mut list = content.hashes.pieces.clone();
                list.reverse();
                (Some(content.hashes.root), list)
            }
            way if way.is_plain() => (None, Vec::new()),
            _ => (Some(content.hashes.root), content.hashes.pieces.clone()),
        };
        let shared = Self {
            bytes: Arc::new(bytes),
            list,
            size: content.len(),
        };
        (root, shared)
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) contents: Mutex<HashMap<ContentHash, Shared>>,
    pub(super) asked: AtomicUsize,
    pub(super) sent_bytes: AtomicU64,
}

pub(super) struct Peer {
    pub(super) way: Way,
    pub(super) address: SocketAddr,
    pub(super) state: Arc<State>,
}

impl Peer {
    pub(super) async fn start(way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, way, shared.clone()));
            }
        });
        Self {
            way,
            address,
            state,
        }
    }
}

async fn serve(socket: TcpStream, way: Way, state: Arc<State>) {
    let mut socket = BufReader::new(socket);
    // A client that goes away ends it.
    while let Some((path, range)) = read_request(&mut socket).await {
        let sent = answer(socket.get_mut(), way, &state, &path, range.as_deref()).await;
        if !matches!(sent, Ok(true)) {
            return;
        }
    }
}

async fn read_request(socket: &mut BufReader<TcpStream>) -> Option<(String, Option<String>)> {
    let (mut path, mut range) = (None, None);
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Some((path?, range));
        }
        if path.is_none() {
            path = line.split(' ').nth(1).map(str::to_owned);
        } else if let Some(value) = line.strip_prefix("range: ") {
            range = Some(value.to_owned());
        }
    }
}

/// Answers one request; tells whether the connection goes on.
async fn answer(
    socket: &mut TcpStream,
    way: Way,
    state: &State,
    path: &str,
    range: Option<&str>,
) -> std::io::Result<bool> {
    let rest = path.strip_prefix("/content/").unwrap_or_default();
    let (hash, tail) = rest.split_once('/').unwrap_or((rest, ""));
    let hash: ContentHash = hash.parse().expect("a hash");
    let shared = state.contents.lock().unwrap().get(&hash).cloned();
    let Some(shared) = shared else {
        return head(socket, "404 Not Found", 0, "").await;
    };
    if tail == "pieces" {
        if way.is_plain() {
            return head(socket, "404 Not Found", 0, "").await;
        }
        let list: Vec<u8> = shared
            .list
            .iter()
            .flat_map(|hash| *hash.as_bytes())
            .collect();
        head(socket, "200 OK", list.len() as u64, "").await?;
        socket.write_all(&list).await?;
        return Ok(true);
    }
    let number = state.asked.fetch_add(1, Ordering::SeqCst);
    let asked = match range.map(|range| parse_range(range, shared.size)) {
        Some(RangeRequest::Part(range)) => Some(range),
        _ => None,
    };
    let mut extra = format!("etag: \"sha256-{hash}\"\r\n");
    match (way, number) {
        (Way::Redirect, _) => {
            return head(socket, "302 Found", 0, "location: http://127.0.0.1:9/\r\n").await;
        }
        (Way::NotFound, _) => return head(socket, "404 Not Found", 0, "").await,
        (Way::Changed, _) => return head(socket, "409 Conflict", 0, "").await,
        (Way::BusyOnce, 0) => {
            return head(socket, "503 Busy", 0, "retry-after: 1\r\n").await;
        }
        (Way::Silent, _) => std::future::pending::<()>().await,
        (Way::Garbage, _) => {
            socket.write_all(b"\x00\x01\x02 what?\r\n\r\n").await?;
            return Ok(false);
        }
        (Way::Encoded, _) => extra.push_str("content-encoding: gzip\r\n"),
        (Way::OtherTag, _) => extra = format!("etag: \"sha256-{}\"\r\n", ContentHash::of(b"other")),
        _ => {}
    }
    send(socket, way, state, &shared, asked, extra).await
}

async fn send(
    socket: &mut TcpStream,
    way: Way,
    state: &State,
    shared: &Shared,
    asked: Option<ByteRange>,
    mut extra: String,
) -> std::io::Result<bool> {
    let asked = asked.filter(|_| way != Way::WholeForPart);
    let (first, length) = asked.map_or((0, shared.size), |range| (range.first(), range.len()));
    if let Some(range) = asked {
        let mut told = range.to_content_range(shared.size);
        if way == Way::OtherRange {
            told = format!("bytes 0-{}/{}", length, shared.size);
        }
        let _ = write!(extra, "content-range: {told}\r\n");
    }
    let status = if asked.is_some() {
        "206 Partial Content"
    } else {
        "200 OK"
    };
    let from = usize::try_from(first).unwrap();
    let to = from + usize::try_from(length).unwrap();
    let body = &shared.bytes[from..to];
    match way {
        Way::OtherLength => {
            head(socket, status, length + 1, &extra).await?;
            socket.write_all(body).await?;
            socket.write_all(b"x").await?;
            return Ok(true);
        }
        Way::Endless => {
            let text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{extra}\r\n");
            socket.write_all(text.as_bytes()).await?;
            loop {
                socket.write_all(body).await?;
                socket.write_all(&[0; 4096]).await?;
            }
        }
        Way::Short | Way::PlainBreaks => {
            head(socket, status, length, &extra).await?;
            socket.write_all(&body[..body.len() / 2]).await?;
            return Ok(false);
        }
        Way::Drip => {
            head(socket, status, length, &extra).await?;
            for byte in body {
                socket.write_all(&[*byte]).await?;
                // house: allow sleep, a source that drips is slow by the clock
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            return Ok(true);
        }
        Way::StopsAfter(pieces) => {
            let sent = state.sent_bytes.load(Ordering::SeqCst);
            let left = (pieces as u64 * 256 * 1024)
                .saturating_sub(sent)
                .min(length);
            head(socket, status, length, &extra).await?;
            let left = usize::try_from(left).unwrap();
            socket.write_all(&body[..left]).await?;
            state.sent_bytes.fetch_add(left as u64, Ordering::SeqCst);
            if left < body.len() {
                std::future::pending::<()>().await;
            }
            return Ok(true);
        }
        _ => {}
    }
    head(socket, status, length, &extra).await?;
    socket.write_all(body).await?;
    state.sent_bytes.fetch_add(length, Ordering::SeqCst);
    Ok(true)
}

async fn head(
    socket: &mut TcpStream,
    status: &str,
    length: u64,
    extra: &str,
) -> std::io::Result<bool> {
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{extra}\r\n");
    socket.write_all(text.as_bytes()).await?;
    Ok(true)
}
