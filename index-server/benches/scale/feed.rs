//! Ten thousand sockets of the feed, held by a process of their own: this program again, told so by
//! its environment.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::process::Process;
use crate::wire::Wire;
use crate::{Sizes, Table, ms};

/// Names the address and the number of sockets for the process that holds them.
pub const WATCH: &str = "SCALE_WATCH";

/// All rows about the feed.
pub async fn run(sizes: &Sizes, table: &Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path()).await;
    let mut wire = Wire::open(process.addr).await;
    let id = wire.register("the one who shares", 7071).await;
    let before = process.resident_bytes();
    let mut watchers = Watchers::open(process.addr, sizes.sockets);
    let each = |process: &Process| {
        let held = process.resident_bytes().saturating_sub(before);
        held as f64 / sizes.sockets as f64 / 1024.0
    };
    let opened = each(&process);
    let mut took = Vec::new();
    let cpu = process.cpu();
    for round in 0..15 {
        let name = format!("probe{round}end.dat");
        let hash = protocol::hash::ContentHash::of(name.as_bytes());
        let body = format!(r#"{{"filename":"{name}","size":1,"hash":"{hash}","owner":"{id}"}}"#);
        let sent = now();
        let path = "/api/v1/files/register";
        let answer = wire.post(path, "application/json", &id, body.as_bytes());
        answer.await.json();
        let last = watchers.last_has(&name);
        took.push(last.saturating_sub(sent));
        // The figures of the network follow within a second: not into the next round.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    let cpu = process.cpu().saturating_sub(cpu) / 15;
    took.sort_unstable();
    table.row(
        &format!(
            "feed, {} sockets: one event sent until the last has it (best, median, worst of 15)",
            sizes.sockets
        ),
        &format!("{} / {} / {}", ms(took[0]), ms(took[7]), ms(took[14])),
    );
    table.row(
        "feed: CPU of the index for one event and the figures after it",
        &ms(cpu),
    );
    table.row(
        "feed: memory a socket (opened, after the events)",
        &format!("{opened:.1} KiB, {:.1} KiB", each(&process)),
    );
}

/// Sockets that never read, while more is published than the kernel takes for them.
pub async fn never_read(table: &Table) {
    const SOCKETS: usize = 1_000;
    const BATCHES: usize = 400;
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path()).await;
    let mut wire = Wire::open(process.addr).await;
    let id = wire.register("the one who shares", 7071).await;
    let lines: String = (0..100)
        .map(|number| {
            let hash = protocol::hash::ContentHash::of(&[number]);
            let name = format!("{number}-{}", "x".repeat(200));
            format!(r#"{{"op":"add","filename":"{name}","size":1,"hash":"{hash}"}}"#) + "\n"
        })
        .collect();
    let path = "/api/v1/files/batch";
    let mut publish = async |count: usize| {
        for _ in 0..count {
            let answer = wire.post(path, "application/x-ndjson", &id, lines.as_bytes());
            answer.await.json();
        }
    };
    // Warm: what a busy index holds anyway, the events kept for readers that come back among it.
    publish(BATCHES).await;
    let before = process.resident_bytes();
    let mut asleep = Vec::new();
    for _ in 0..SOCKETS {
        asleep.push(open(process.addr).await);
    }
    let opened = process.resident_bytes();
    let mut most = 0;
    for _ in 0..BATCHES / 10 {
        publish(10).await;
        most = most.max(process.resident_bytes());
    }
    let kib = |bytes: u64, from: u64| bytes.saturating_sub(from) as f64 / 1024.0 / SOCKETS as f64;
    table.row(
        &format!("feed: {SOCKETS} sockets that never read, {BATCHES} batches: memory a socket"),
        &format!(
            "{:.1} KiB opened, at most {:.1} KiB while published",
            kib(opened, before),
            kib(most, before)
        ),
    );
}

/// The process that holds the sockets.
struct Watchers {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Watchers {
    fn open(addr: SocketAddr, count: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .env(WATCH, format!("{addr} {count}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let orders = child.stdin.take().expect("its input");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        let mut watchers = Self {
            child,
            orders,
            answers,
        };
        assert_eq!(watchers.answer(), "open");
        watchers
    }

    /// When the last socket had read `text`.
    fn last_has(&mut self, text: &str) -> Duration {
        writeln!(self.orders, "{text}").expect("asked");
        let nanos = self.answer().parse().expect("a time");
        Duration::from_nanos(nanos)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        line.trim().to_owned()
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970")
}

/// Holds sockets, and says when the last of them has read each probe.
pub fn watch(order: &str) {
    let (addr, count) = order.split_once(' ').expect("an address and a number");
    let addr: SocketAddr = addr.parse().expect("an address");
    let count: usize = count.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        let (seen, mut seen_out) = mpsc::channel(1024);
        let mut streams = Vec::new();
        for _ in 0..count {
            streams.push(open(addr).await);
        }
        for stream in streams {
            tokio::spawn(read(stream, seen.clone()));
        }
        println!("open");
        loop {
            let probe: tokio::task::JoinHandle<Option<String>> =
                tokio::task::spawn_blocking(|| std::io::stdin().lines().next()?.ok());
            let mut last = Duration::ZERO;
            for _ in 0..count {
                last = last.max(seen_out.recv().await.expect("readers"));
            }
            if probe.await.ok().flatten().is_none() {
                return;
            }
            println!("{}", last.as_nanos());
        }
    });
}

async fn open(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: {addr}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut head = [0; 2048];
    let mut read = 0;
    // The answer and the greeting behind it.
    while memmem::find(&head[..read], b"\"hello\"").is_none() {
        let count = stream.read(&mut head[read..]).await.expect("read");
        assert!(count > 0, "{}", String::from_utf8_lossy(&head[..read]));
        read += count;
    }
    stream
}

/// Tells of each probe that comes by.
async fn read(mut stream: TcpStream, seen: mpsc::Sender<Duration>) {
    let mut buffer = [0; 1024];
    let mut kept = 0;
    loop {
        let count = match stream.read(&mut buffer[kept..]).await {
            Ok(0) | Err(_) => return,
            Ok(count) => kept + count,
        };
        // The name stands at the end of the path, once in an event as file name and once as path.
        if let Some(at) = memmem::find(&buffer[..count], b"\"filename\":\"probe") {
            if seen.send(now()).await.is_err() {
                return;
            }
            buffer.copy_within(at + 12..count, 0);
        }
        kept = 0;
    }
}
