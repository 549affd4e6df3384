//! A terminal that a person would use: a shell in tmux, typed into and read from.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::kit::{PATIENCE, Peer, wait_for};
use crate::programs::{output, program};

/// The terminals of this process so far.
static OPENED: AtomicU16 = AtomicU16::new(0);

/// A shell in a tmux server of its own.
pub struct Tmux {
    program: OsString,
    name: String,
    folder: PathBuf,
}

impl Tmux {
    /// Opens one in the home of a peer.
    pub fn open(peer: &Peer, columns: u16, lines: u16) -> Self {
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let tmux = Self {
            program: program("tmux", "tmux").get_program().to_owned(),
            name: format!("peerdex-{}-{number}", std::process::id()),
            folder: peer.home.clone(),
        };
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let size = ["new-session", "-d", "-x", &columns, "-y", &lines];
        let shell = ["env", "PS1=ready> ", "LC_ALL=C.UTF-8", "sh", "-i"];
        tmux.run(&[size.as_slice(), shell.as_slice()].concat());
        tmux.wait_to_show("ready>");
        tmux
    }

    fn line(&self) -> Command {
        let mut line = Command::new(&self.program);
        line.args(["-u", "-L", &self.name, "-f", "/dev/null"])
            .env("TMUX_TMPDIR", &self.folder)
            .env("HOME", &self.folder)
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("SHELL", "/bin/sh")
            .env_remove("TMUX");
        line
    }

    fn run(&self, words: &[&str]) -> String {
        let text = output(self.line().args(words));
        String::from_utf8(text).expect("tmux was told UTF-8")
    }

    /// Types text as it is.
    pub fn text(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// Presses one key by the name that tmux has for it.
    pub fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Types a line for the shell.
    pub fn enter(&self, line: &str) {
        self.text(line);
        self.press("Enter");
    }

    /// What stands on it.
    pub fn shown(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// A variable of tmux about its state.
    pub fn state(&self, variable: &str) -> String {
        let shown = self.run(&["display-message", "-p", &format!("#{{{variable}}}")]);
        shown.trim_end().to_owned()
    }

    /// Waits until this stands on it.
    #[track_caller]
    pub fn wait_to_show(&self, part: &str) {
        self.wait(part, |shown| shown.contains(part));
    }

    /// Waits until what stands on it is as wanted.
    #[track_caller]
    pub fn wait(&self, what: &str, is_there: impl Fn(&str) -> bool) {
        wait_for(what, PATIENCE, || is_there(&self.shown()).then_some(()));
    }

    /// Process ids of what the shell runs now.
    pub fn children(&self) -> Vec<u32> {
        let shell = self.state("pane_pid");
        let file = format!("/proc/{shell}/task/{shell}/children");
        let children = std::fs::read_to_string(file).expect("the children of the shell");
        let ids = children.split_whitespace().map(str::parse);
        ids.collect::<Result<_, _>>().expect("process ids")
    }

    /// The window is closed, and everything in it is told by SIGHUP.
    pub fn close(self) {
        self.run(&["kill-server"]);
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(shown) = self.line().args(["capture-pane", "-p"]).output()
        {
            eprintln!("--- terminal\n{}", String::from_utf8_lossy(&shown.stdout));
        }
        // Closed already, or left behind by a test that failed.
        let _ = self.line().arg("kill-server").output();
    }
}
