//! The programs under test as they are installed: an index, peers with a daemon each, and commands
//! that speak to them; ended with the values that started them.
//!
//! Knows boxes and command lines; knows no case.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::net::Net;

/// Port of every index.
pub const INDEX_PORT: u16 = 7070;
/// What starting and hashing may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that is killed with its value.
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(line: &mut Command) -> Outcome<Self> {
        let program = line.get_program().to_string_lossy().into_owned();
        let child = line.stdin(Stdio::null()).spawn();
        Ok(Self(
            child.map_err(|error| format!("start {program}: {error}"))?,
        ))
    }

    /// kill -9.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A running index.
pub struct Index {
    _running: Running,
    /// Where peers reach it.
    pub url: String,
}

impl Index {
    /// Starts one in a box.
    pub fn start(net: &Net, name: &str, folder: &Path) -> Outcome<Self> {
        let mut line = net.inside(name, &program("index-server")?);
        line.arg(format!("--listen=0.0.0.0:{INDEX_PORT}"))
            .arg("--data")
            .arg(folder.join("index"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = Running::start(&mut line)?;
        let stdout = running.0.stdout.take().ok_or("its output is piped")?;
        let mut lines = BufReader::new(stdout);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        if !first.starts_with("index-server listening on ") {
            return Err(format!("the first line of index-server is {first:?}").into());
        }
        // Whatever else it prints must have somewhere to go.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let url = format!("http://{}:{INDEX_PORT}", net.address(name));
        Ok(Self {
            _running: running,
            url,
        })
    }
}

/// A peer; runs once started.
pub struct Peer {
    name: String,
    home: PathBuf,
    index: String,
    running: Option<Running>,
}

impl Peer {
    /// One whose share folder is there and empty.
    pub fn new(name: &str, folder: &Path, index: &Index) -> Outcome<Self> {
        let home = folder.join(name);
        fs::create_dir_all(home.join("share"))?;
        Ok(Self {
            name: name.to_owned(),
            home,
            index: index.url.clone(),
            running: None,
        })
    }

    /// Starts its daemon and waits until it is known to the index with so many files.
    pub fn start(&mut self, net: &Net, files: u64) -> Outcome<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.home.join("log"))?;
        let mut line = net.inside(&self.name, &program("peer-tui")?);
        self.settings(line.arg("daemon"))
            .args(["--index", &self.index])
            .stdout(Stdio::null())
            .stderr(log);
        self.running = Some(Running::start(&mut line)?);
        self.wait_until_shared(files)
    }

    fn wait_until_shared(&self, files: u64) -> Outcome<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let status = self.json("status").unwrap_or_default();
            let header = &status["header"];
            if header["shared_files"] == files
                && header["hashing_files"] == 0
                && header["link"]["link"] == "live"
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.home.join("log")).unwrap_or_default();
        Err(format!("{} is not ready:\n{log}", self.name).into())
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill();
        }
    }

    /// A command of this peer.
    pub fn command(&self, words: &[&str]) -> Outcome<Command> {
        let mut line = Command::new(program("peer-tui")?);
        self.settings(line.args(words));
        Ok(line)
    }

    fn settings<'a>(&self, line: &'a mut Command) -> &'a mut Command {
        line.arg("--data")
            .arg(self.home.join("data"))
            .arg("--share")
            .arg(self.share())
            .arg("--downloads")
            .arg(self.downloads())
            .args(["--name", &self.name])
            .env("XDG_RUNTIME_DIR", &self.home)
            .env("HOME", &self.home)
            .stdin(Stdio::null())
    }

    fn json(&self, word: &str) -> Outcome<Value> {
        let output = self.command(&[word, "--json"])?.output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Where its own files lie.
    pub fn share(&self) -> PathBuf {
        self.home.join("share")
    }

    /// Where fetched files go.
    pub fn downloads(&self) -> PathBuf {
        self.home.join("downloads")
    }

    /// The notes and sources of its downloads, for whoever looks for the reason of a figure.
    pub fn transfers(&self) -> String {
        self.json("transfers")
            .map_or_else(|error| error.to_string(), |shown| shown.to_string())
    }
}

/// A program of this workspace, built beside this bench.
pub fn program(name: &str) -> Outcome<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_peer-tui")).with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    let path = path.display();
    Err(format!("{path} is not there: run cargo build --release first").into())
}
