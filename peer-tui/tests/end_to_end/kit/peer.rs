//! A peer in a process of its own, and the commands that speak to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::{PATIENCE, wait_for};

/// A peer with its folders; runs once started.
pub struct Peer {
    pub name: String,
    pub home: PathBuf,
    pub flags: Vec<String>,
    /// The index that its daemon is told; without one it looks for itself.
    pub index: Option<String>,
    /// Words that run its programs in a box of its own, where it listens as it does by default.
    pub within: Vec<String>,
    child: Option<Child>,
}

impl Peer {
    /// A peer that is not started yet; its share folder is there.
    pub fn new(home: &Path, name: &str, index: &str) -> Self {
        fs::create_dir_all(home.join("share")).expect("a share folder");
        Self {
            name: name.to_owned(),
            home: home.to_owned(),
            flags: Vec::new(),
            index: Some(index.to_owned()),
            within: Vec::new(),
            child: None,
        }
    }

    /// With one more flag of the daemon.
    pub fn with(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Starts its daemon and waits until it answers.
    pub fn start(mut self) -> Self {
        self.launch();
        self
    }

    /// As [`start`](Self::start), for one that was started before.
    pub fn launch(&mut self) {
        let log = File::create(self.home.join("stderr.log")).expect("a log file");
        let mut line = self.command("daemon");
        line.args(&self.flags);
        if let Some(index) = &self.index {
            line.arg("--index").arg(index);
        }
        let child = line.stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("start peer-tui daemon"));
        wait_for("the daemon answers", PATIENCE, || self.json(&["status"]));
    }

    /// Starts and waits until everything in its share folder is at the index.
    pub fn start_sharing(self, files: u64) -> Self {
        let peer = self.start();
        wait_for("everything is shared", PATIENCE, || {
            let status = peer.json(&["status"])?;
            let header = &status["header"];
            let is_done = header["shared_files"] == files && header["hashing_files"] == 0;
            (is_done && header["link"]["link"] == "live").then_some(())
        });
        peer
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("kill peer-tui");
        child.wait().expect("peer-tui ended");
    }

    /// Waits until the daemon has ended by itself, and how.
    pub fn wait(&mut self) -> i32 {
        let mut child = self.child.take().expect("it runs");
        wait_for("the daemon ends", PATIENCE, || {
            child.try_wait().ok().flatten()
        })
        .code()
        .unwrap_or(-1)
    }

    /// A command line of this peer's data folder.
    pub fn command(&self, command: &str) -> Command {
        let peer_tui = env!("CARGO_BIN_EXE_peer-tui");
        let mut line = match self.within.split_first() {
            Some((first, rest)) => {
                let mut line = Command::new(first);
                line.args(rest).arg(peer_tui);
                line
            }
            None => Command::new(peer_tui),
        };
        line.arg(command);
        self.settings(&mut line);
        line
    }

    /// Everything that keeps a command within the folders of this peer.
    pub fn settings(&self, line: &mut Command) {
        line.arg("--data")
            .arg(self.home.join("data"))
            .arg("--share")
            .arg(self.share())
            .arg("--downloads")
            .arg(self.downloads())
            .arg("--name")
            .arg(&self.name)
            .env("XDG_RUNTIME_DIR", &self.home)
            .env("HOME", &self.home)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        if self.within.is_empty() {
            line.arg("--listen=127.0.0.1:0");
        }
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        let (command, rest) = words.split_first().expect("a command");
        let output = self.command(command).args(rest).output();
        output.expect("run peer-tui")
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub fn output(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// What a command prints with `--json`; `None` when it fails.
    pub fn json(&self, words: &[&str]) -> Option<Value> {
        let mut words = words.to_vec();
        words.push("--json");
        let output = self.run(&words);
        output
            .status
            .success()
            .then(|| serde_json::from_slice(&output.stdout).expect("one JSON document"))
    }

    /// Where its files lie.
    pub fn share(&self) -> PathBuf {
        self.home.join("share")
    }

    /// Where fetched files go.
    pub fn downloads(&self) -> PathBuf {
        self.home.join("downloads")
    }

    /// Writes a file below its share folder.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let target = self.share().join(path);
        fs::create_dir_all(target.parent().expect("below the share")).expect("folders");
        fs::write(target, bytes).expect("a file");
    }

    /// What its daemon said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.join("stderr.log")).unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() && self.child.is_some() {
            let transfers = self.run(&["transfers"]).stdout;
            eprintln!("--- {}\n{}", self.name, String::from_utf8_lossy(&transfers));
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        } else if self
            .home
            .join("data/daemon.sock")
            .try_exists()
            .unwrap_or(false)
        {
            // One that a screen has started in the background outlives a failed test else.
            let _ = self.command("stop").output();
        }
        if std::thread::panicking() {
            eprintln!("--- log of {}\n{}", self.name, self.log());
        }
    }
}
