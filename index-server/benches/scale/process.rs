//! The index as a process: started, watched from outside, killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::wire::Wire;

/// A running index.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    /// From its start until it said that it is ready.
    pub ready_after: Duration,
}

/// A data folder that goes with the run, unless it is to be kept for a look at it.
pub fn folder() -> tempfile::TempDir {
    let mut folder = tempfile::tempdir().expect("a folder");
    if std::env::var_os("KEEP").is_some() {
        folder.disable_cleanup(true);
        eprintln!("the data folder is {}", folder.path().display());
    }
    folder
}

impl Process {
    /// Starts one on a data folder; yields it once it answers `/readyz`.
    pub async fn start(data: &Path) -> Self {
        // A port that was free a moment ago: the address must be known before it is ready.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address");
        drop(listener);
        let started = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_index-server"))
            .args(["--listen", &addr.to_string(), "--no-announce", "--data"])
            .arg(data)
            .args(["--log-level", "warn", "--offline-after", "1d"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the index starts");
        let mut process = Self {
            child,
            addr,
            ready_after: Duration::ZERO,
        };
        while TcpStream::connect(addr).await.is_err() {
            assert!(started.elapsed() < Duration::from_mins(2), "it listens");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut wire = Wire::open(addr).await;
        while wire.get("/readyz").await.status != 200 {
            assert!(started.elapsed() < Duration::from_mins(5), "it is ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.ready_after = started.elapsed();
        process
    }

    /// Bytes of memory it holds now.
    pub fn resident_bytes(&self) -> u64 {
        let kib = self.status_figure("VmRSS:");
        kib * 1024
    }

    /// Processor time it has used so far.
    pub fn cpu(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("its figures");
        let fields = stat.rsplit_once(')').expect("a name").1;
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("ticks"))
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    fn status_figure(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let file = std::fs::File::open(path).expect("its figures");
        let line = BufReader::new(file)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with(name));
        let line = line.expect("the figure");
        let figure = line.split_whitespace().nth(1).expect("a number");
        figure.parse().expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already where it was killed on purpose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
