//! A peer that answers over raw sockets, so that it can misbehave in every way.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use protocol::byte_range::{ByteRange, RangeRequest, parse_range};
use protocol::hash::{ContentHash, PieceHash, PiecesRoot};
use protocol::pieces::{FileHasher, PieceSet};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Content;
use super::way::Way;
use super::{together, wrong};

/// What a peer sends for one content.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) bytes: Arc<Vec<u8>>,
    list: Vec<PieceHash>,
    size: u64,
}

impl Shared {
    /// What a peer that behaves so tells the index, and what it sends.
    pub(super) fn of(content: &Content, way: Way) -> (Option<PiecesRoot>, Self) {
        let mut bytes = content.bytes.as_ref().clone();
        match way {
            Way::Corrupt | Way::OtherRoot | Way::PlainWrong => {
                bytes.iter_mut().step_by(1000).for_each(|byte| *byte ^= 1);
            }
            Way::OtherFile => bytes.reverse(),
            _ => {}
        }
        let mut hasher = FileHasher::new(content.len());
        hasher.update(&bytes);
        let own = hasher.finish().expect("as long as announced");
        let (root, mut list) = match way {
            Way::OtherRoot => (Some(own.root), own.pieces),
            way if way.is_plain() => (None, Vec::new()),
            _ => (Some(content.hashes.root), content.hashes.pieces.clone()),
        };
        match way {
            Way::WrongList => list.reverse(),
            Way::LongList => list.extend_from_within(..),
            Way::ShortList => list.truncate(list.len() - 1),
            Way::BentList => {
                let mut hash = *list[0].as_bytes();
                hash[31] ^= 1;
                list[0] = PieceHash::from_bytes(hash);
            }
            _ => {}
        }
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
    /// Bytes of contents.
    pub(super) sent_bytes: AtomicU64,
    /// All bytes that the other side, or the system between, has taken.
    pub(super) wire_bytes: AtomicU64,
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

/// One connection, with what went over it.
pub(super) struct Wire<'a, S> {
    socket: &'a mut S,
    pub(super) state: &'a State,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<'_, S> {
    pub(super) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.socket.write_all(bytes).await?;
        let count = bytes.len() as u64;
        self.state.wire_bytes.fetch_add(count, Ordering::SeqCst);
        Ok(())
    }

    pub(super) async fn head(
        &mut self,
        status: &str,
        length: u64,
        extra: &str,
    ) -> std::io::Result<bool> {
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{extra}\r\n");
        self.send(text.as_bytes()).await?;
        Ok(true)
    }

    async fn whole(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        self.head("200 OK", bytes.len() as u64, "").await?;
        self.send(bytes).await?;
        Ok(true)
    }

    async fn endless(&mut self) -> std::io::Result<bool> {
        self.send(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        loop {
            self.send(&[1; 8_192]).await?;
        }
    }
}

/// An answer with bytes, before it is sent.
pub(super) struct Answer {
    pub(super) tag: ContentHash,
    first: u64,
    pub(super) length: u64,
    pub(super) size: u64,
    pub(super) range: Option<String>,
    is_part: bool,
    pub(super) length_told: Option<String>,
    pub(super) extra: String,
}

impl Answer {
    fn new(hash: ContentHash, asked: Option<ByteRange>, size: u64) -> Self {
        let (first, length) = asked.map_or((0, size), |range| (range.first(), range.len()));
        Self {
            tag: hash,
            first,
            length,
            size,
            range: asked.map(|range| range.to_content_range(size)),
            is_part: asked.is_some(),
            length_told: Some(length.to_string()),
            extra: String::new(),
        }
    }

    /// As if no range had been asked for.
    pub(super) fn ask_whole(&mut self) {
        *self = Self::new(self.tag, None, self.size);
    }

    fn head(&self, version: &str) -> String {
        let status = if self.is_part {
            "206 Partial Content"
        } else {
            "200 OK"
        };
        let mut head = format!("{version} {status}\r\netag: \"sha256-{}\"\r\n", self.tag);
        for (name, value) in [
            ("content-range", &self.range),
            ("content-length", &self.length_told),
        ] {
            if let Some(value) = value {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        head + &self.extra + "\r\n"
    }

    fn body<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let from = usize::try_from(self.first).unwrap();
        &bytes[from..from + usize::try_from(self.length).unwrap()]
    }
}

async fn serve(socket: TcpStream, way: Way, state: Arc<State>) {
    let mut socket = BufReader::new(socket);
    // A client that goes away ends it.
    while let Some((path, range)) = read_request(&mut socket).await {
        let mut wire = Wire {
            socket: socket.get_mut(),
            state: &state,
        };
        let sent = answer(&mut wire, way, &path, range.as_deref()).await;
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
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    way: Way,
    path: &str,
    range: Option<&str>,
) -> std::io::Result<bool> {
    if let Some(of) = path.strip_prefix("/contents?of=") {
        if way.is_always_so()
            && let Some(sent) = wrong::no_answer(wire, way, path).await
        {
            return sent;
        }
        return together::answer(wire, way, of).await;
    }
    let rest = path.strip_prefix("/content/").unwrap_or_default();
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let (hash, tail) = rest.split_once('/').unwrap_or((rest, ""));
    let hash: ContentHash = hash.parse().expect("a hash");
    let shared = wire.state.contents.lock().unwrap().get(&hash).cloned();
    let Some(shared) = shared else {
        return wire.head("404 Not Found", 0, "").await;
    };
    if way.is_always_so()
        && let Some(sent) = wrong::no_answer(wire, way, path).await
    {
        return sent;
    }
    match tail {
        "pieces" if way.is_plain() => wire.head("404 Not Found", 0, "").await,
        "pieces" if way == Way::EndlessList => wire.endless().await,
        "pieces" => {
            let list = shared.list.iter().flat_map(|hash| *hash.as_bytes());
            wire.whole(&list.collect::<Vec<u8>>()).await
        }
        "have" if way == Way::EndlessHave => wire.endless().await,
        "have" => {
            let count = u32::try_from(shared.list.len()).unwrap();
            let mut held = PieceSet::all(count).as_bytes().to_vec();
            if way == Way::OddHave {
                held.fill(0xff);
            }
            wire.whole(&held).await
        }
        _ => bytes(wire, way, hash, &shared, path, range).await,
    }
}

async fn bytes<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    way: Way,
    hash: ContentHash,
    shared: &Shared,
    path: &str,
    range: Option<&str>,
) -> std::io::Result<bool> {
    let number = wire.state.asked.fetch_add(1, Ordering::SeqCst);
    if let Some(sent) = wrong::no_answer(wire, way, path).await {
        return sent;
    }
    if (way, number) == (Way::BusyOnce, 0) {
        return wire.head("503 Busy", 0, "retry-after: 1\r\n").await;
    }
    let asked = match range.map(|range| parse_range(range, shared.size)) {
        Some(RangeRequest::Part(range)) => Some(range),
        _ => None,
    };
    let mut answer = Answer::new(hash, asked, shared.size);
    wrong::bend(&mut answer, way, &hash, number);
    let version = if way == Way::OldHttp {
        "HTTP/1.0"
    } else {
        "HTTP/1.1"
    };
    let body = answer.body(&shared.bytes);
    wire.send(answer.head(version).as_bytes()).await?;
    if let Some(sent) = wrong::no_body(wire, way, number, body).await {
        return sent;
    }
    let mut length = answer.length;
    if let Way::StopsAfter(pieces) | Way::PlainStopsAfter(pieces) = way {
        let sent = wire.state.sent_bytes.load(Ordering::SeqCst);
        length = (pieces as u64 * 256 * 1024)
            .saturating_sub(sent)
            .min(length);
    }
    wire.send(&body[..usize::try_from(length).unwrap()]).await?;
    wire.state.sent_bytes.fetch_add(length, Ordering::SeqCst);
    if length < answer.length {
        std::future::pending::<()>().await;
    }
    Ok(way != Way::OldHttp)
}
