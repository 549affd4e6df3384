//! Programs in processes of their own: started, measured by what the kernel counts, ended by id.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Failure;

/// Clock ticks a second in `/proc`, the same on every Linux that people run.
const TICKS_PER_SEC: f64 = 100.0;

/// A process that ends with its owner.
pub struct Running(Child);

impl Running {
    /// Starts a command line; what it says goes nowhere unless told otherwise.
    pub fn start(line: &mut Command) -> Result<Self, Failure> {
        let child = line.stdin(Stdio::null()).spawn();
        child
            .map(Self)
            .map_err(|error| format!("start {}: {error}", line.get_program().display()).into())
    }

    /// The process.
    pub const fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Seconds of CPU so far, those of its workers too.
    pub fn cpu_secs(&self) -> f64 {
        cpu_secs(self.0.id()) + children(self.0.id()).into_iter().map(cpu_secs).sum::<f64>()
    }

    /// Most memory that it held at once.
    pub fn peak_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or(0) / 1024
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            // Whoever can end in order does: nginx takes its workers along.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn cpu_secs(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SEC
}

fn children(pid: u32) -> Vec<u32> {
    let told = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    told.split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// Where a program is installed.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut found = folders.map(|folder| folder.join(name));
    found.find(|path| path.is_file())
}

/// A program of this workspace, built beside the one under test.
pub fn own(name: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(env!("CARGO_BIN_EXE_peer-tui")).with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    let missing = path.display();
    Err(format!("{missing} is not there: run cargo build --release -p {name} first").into())
}

/// Runs a command line to its end; how long it took.
pub fn time(line: &mut Command) -> Result<Duration, Failure> {
    let began = Instant::now();
    let output = line.stdin(Stdio::null()).output()?;
    let took = began.elapsed();
    if output.status.success() {
        return Ok(took);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    Err(format!("{line:?} failed: {said}{printed}").into())
}

/// A command line.
pub fn line<S: AsRef<OsStr>>(program: &Path, words: impl IntoIterator<Item = S>) -> Command {
    let mut line = Command::new(program);
    line.args(words);
    line
}

/// Asks until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T, Failure> {
    let until = Instant::now() + Duration::from_mins(3);
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if Instant::now() > until {
            return Err(format!("{what}: not in time").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Puts everything that was written on disk, so that nobody pays for what another wrote.
pub fn settle() {
    rustix::fs::sync();
}
