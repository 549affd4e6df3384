//! An index and peers of their own, as a person would start them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Failure;
use super::programs::{Running, own, wait_for};

/// A running index.
pub struct Index {
    _running: Running,
    url: String,
}

impl Index {
    /// Starts one whose data is below `folder`.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let mut line = Command::new(own("index-server")?);
        line.args(["--listen=127.0.0.1:0", "--data"])
            .arg(folder.join("index"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = Running::start(&mut line)?;
        let stdout = running
            .child()
            .stdout
            .take()
            .ok_or("no output of the index")?;
        let mut lines = BufReader::new(stdout);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let url = first.trim().strip_prefix("index-server listening on ");
        Ok(Self {
            url: url.ok_or("the index says where it listens")?.to_owned(),
            _running: running,
        })
    }
}

/// A running daemon.
pub struct Peer {
    /// Figures of its process.
    pub running: Running,
    name: String,
    home: PathBuf,
    index: String,
}

impl Peer {
    /// Starts one that shares `share` (where told) and waits until the index knows it all.
    pub fn start(
        index: &Index,
        home: &Path,
        name: &str,
        share: Option<(&Path, u64)>,
    ) -> Result<Self, Failure> {
        fs::create_dir_all(home)?;
        let mut line = command(home, name, &index.url, "daemon")?;
        match share {
            Some((folder, _)) => line.arg("--share").arg(folder).arg("--no-share-downloads"),
            None => line.arg("--share").arg(home.join("share")),
        };
        fs::create_dir_all(home.join("share"))?;
        let log = File::create(home.join("stderr.log"))?;
        line.stdout(Stdio::null()).stderr(log);
        let peer = Self {
            running: Running::start(&mut line)?,
            name: name.to_owned(),
            home: home.to_owned(),
            index: index.url.clone(),
        };
        let wanted = share.map_or(0, |(_, files)| files);
        wait_for("everything is shared", || {
            let header = peer.status().ok()?["header"].take();
            let is_done = header["shared_files"] == wanted && header["hashing_files"] == 0;
            (is_done && header["link"]["link"] == "live").then_some(())
        })?;
        Ok(peer)
    }

    /// What `status --json` says.
    pub fn status(&self) -> Result<Value, Failure> {
        let output = self.command("status")?.arg("--json").output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Address and port that it serves at.
    pub fn address(&self) -> Result<String, Failure> {
        let status = self.status()?;
        let address = status["listen"].as_str();
        let port = address
            .and_then(|address| address.rsplit(':').next())
            .ok_or("the status says where the peer listens")?;
        Ok(format!("127.0.0.1:{port}"))
    }

    /// A command line that speaks to this daemon.
    pub fn command(&self, word: &str) -> Result<Command, Failure> {
        command(&self.home, &self.name, &self.index, word)
    }

    /// Where fetched files go.
    pub fn downloads(&self) -> PathBuf {
        self.home.join("downloads")
    }
}

fn command(home: &Path, name: &str, index: &str, word: &str) -> Result<Command, Failure> {
    let mut line = Command::new(own("peer-tui")?);
    line.arg(word)
        .args(["--listen=127.0.0.1:0", "--name", name, "--index", index])
        .arg("--data")
        .arg(home.join("data"))
        .arg("--downloads")
        .arg(home.join("downloads"))
        .env("XDG_RUNTIME_DIR", home)
        .env("HOME", home)
        .stdin(Stdio::null());
    Ok(line)
}
