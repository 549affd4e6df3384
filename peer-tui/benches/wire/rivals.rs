//! What the others need: nginx and an rsync daemon on loopback, a Metalink for aria2.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Failure;
use super::programs::{Running, installed, wait_for};
use super::samples::{PIECE_BYTES, Sample};

/// A server of somebody else.
pub struct Server {
    /// Figures of its process.
    pub running: Running,
    /// Port on loopback.
    pub port: u16,
}

impl Server {
    fn start(line: &mut Command, port: u16) -> Result<Self, Failure> {
        let running = Running::start(line.stdout(Stdio::null()).stderr(Stdio::null()))?;
        wait_for("a server listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        })?;
        Ok(Self { running, port })
    }
}

/// nginx with sendfile over `folder`; `None` when it is not installed.
pub fn nginx(folder: &Path, home: &Path) -> Result<Option<Server>, Failure> {
    let Some(nginx) = missing("nginx") else {
        return Ok(None);
    };
    fs::create_dir_all(home)?;
    let port = free_port()?;
    let (at, root) = (home.display(), folder.display());
    let mut config = format!(
        "daemon off; worker_processes 2; pid {at}/nginx.pid; error_log {at}/error.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
    );
    if rustix::process::geteuid().is_root() {
        config.insert_str(0, "user root;\n");
    }
    for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(config, "{name}_temp_path {at}/{name};")?;
    }
    writeln!(
        config,
        "server {{ listen 127.0.0.1:{port}; root {root}; }} }}"
    )?;
    let file = home.join("nginx.conf");
    fs::write(&file, config)?;
    let mut line = Command::new(nginx);
    line.arg("-p").arg(home).arg("-c").arg(file);
    Server::start(&mut line, port).map(Some)
}

/// An rsync daemon over `folder` as module `files`; `None` when it is not installed.
pub fn rsync_daemon(folder: &Path, home: &Path) -> Result<Option<Server>, Failure> {
    let Some(rsync) = missing("rsync") else {
        return Ok(None);
    };
    fs::create_dir_all(home)?;
    let port = free_port()?;
    let mut config = format!(
        "use chroot = no\nport = {port}\naddress = 127.0.0.1\n[files]\npath = {}\n",
        folder.display()
    );
    if rustix::process::geteuid().is_root() {
        config.push_str("uid = root\ngid = root\n");
    }
    let file = home.join("rsyncd.conf");
    fs::write(&file, config)?;
    let mut line = Command::new(rsync);
    line.args(["--daemon", "--no-detach", "--config"]).arg(file);
    Server::start(&mut line, port).map(Some)
}

/// A file that sendme gives away.
pub struct Given {
    /// The program.
    pub program: PathBuf,
    /// Whoever has it gets the file.
    pub ticket: String,
    _running: Running,
}

/// sendme over loopback alone, with a store below `home`; `None` when it is not installed.
pub fn sendme(file: &Path, home: &Path) -> Result<Option<Given>, Failure> {
    let Some(program) = missing("sendme") else {
        return Ok(None);
    };
    fs::create_dir_all(home)?;
    let mut line = Command::new(&program);
    line.current_dir(home)
        .arg("send")
        .args(ALONE)
        .args(["--ticket-type", "addresses"])
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = Running::start(&mut line)?;
    let stdout = running.child().stdout.take();
    let lines = BufReader::new(stdout.ok_or("no output of sendme")?).lines();
    for line in lines {
        if let Some(ticket) = line?.strip_prefix("sendme receive ") {
            return Ok(Some(Given {
                program,
                ticket: ticket.trim().to_owned(),
                _running: running,
            }));
        }
    }
    Err("sendme gave no ticket".into())
}

/// What keeps sendme from asking anybody outside.
pub const ALONE: [&str; 3] = ["--relay", "disabled", "--no-progress"];

/// A Metalink 4 with hashes of pieces, which is what aria2 checks.
pub fn metalink(sample: &Sample, name: &str, url: &str) -> Result<String, Failure> {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <metalink xmlns=\"urn:ietf:params:xml:ns:metalink\"><file name=\"{name}\">\n\
         <size>{}</size><hash type=\"sha-256\">{}</hash>\n\
         <pieces length=\"{PIECE_BYTES}\" type=\"sha-256\">\n",
        sample.size_bytes, sample.hash
    );
    for piece in &sample.pieces {
        writeln!(text, "<hash>{piece}</hash>")?;
    }
    writeln!(text, "</pieces><url>{url}</url></file></metalink>")?;
    Ok(text)
}

/// Where a rival is installed; says so when it is not.
pub fn missing(name: &str) -> Option<PathBuf> {
    let found = installed(name);
    if found.is_none() {
        println!("  {name} is not installed: left out");
    }
    found
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
