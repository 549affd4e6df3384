//! An index in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use protocol::ids::PeerId;
use protocol::peer::PeerPage;
use protocol::search::SearchResponse;
use serde::de::DeserializeOwned;

use super::program;

/// A running index.
pub struct Index {
    child: Child,
    folder: PathBuf,
    pub url: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Index {
    /// Starts one whose data is below `folder`; port 0 picks one.
    pub fn start(folder: &Path, port: u16) -> Self {
        let mut line = Command::new(program("index-server"));
        line.arg(format!("--listen=127.0.0.1:{port}"));
        Self::spawn(line, folder)
    }

    /// Starts one by a command line that may run it elsewhere; its data is below `folder`.
    pub fn spawn(mut line: Command, folder: &Path) -> Self {
        let mut child = line
            .arg("--data")
            .arg(folder.join("index"))
            .env("XDG_RUNTIME_DIR", folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start index-server");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut line).expect("its first line");
        let url = line
            .trim()
            .strip_prefix("index-server listening on ")
            .unwrap_or_else(|| panic!("the first line of index-server is {line:?}"))
            .to_owned();
        // Whatever else it prints must have somewhere to go.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        Self {
            child,
            folder: folder.to_owned(),
            url,
            runtime,
            client,
        }
    }

    /// kill -9, then the same again at the same port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        let port: u16 = self.port();
        *self = Self::start(&self.folder.clone(), port);
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill index-server");
        self.child.wait().expect("index-server ended");
    }

    fn port(&self) -> u16 {
        let port = self
            .url
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        port.expect("a URL with a port")
    }

    /// What a GET answers: status, headers and body.
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
        self.runtime.block_on(async {
            let mut call = self.client.get(url);
            for (name, value) in headers {
                call = call.header(*name, *value);
            }
            let answer = call.send().await.expect("an answer");
            let status = answer.status().as_u16();
            (status, answer.bytes().await.expect("a body").to_vec())
        })
    }

    /// The JSON of a path with a query; `None` when the index refuses or is not there.
    pub fn json<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Option<T> {
        let base = format!("{}{path}", self.url);
        let url = reqwest::Url::parse_with_params(&base, query).expect("a URL");
        self.runtime.block_on(async {
            let answer = self.client.get(url).send().await.ok()?;
            answer.json().await.ok()
        })
    }

    /// A search with at most 200 rows.
    pub fn search(&self, query: &str) -> SearchResponse {
        self.json("/api/v1/files/search", &[("q", query), ("limit", "200")])
            .expect("search answers")
    }

    /// How many files match.
    pub fn count(&self, query: &str) -> u64 {
        self.search(query).total
    }

    /// Whether a peer of this name is online.
    pub fn is_online(&self, name: &str) -> bool {
        let page: PeerPage = self
            .json("/api/v1/peers", &[("limit", "200")])
            .expect("peers answer");
        page.peers
            .iter()
            .any(|peer| peer.name == name && peer.is_online)
    }

    /// The id of the peer with this name.
    pub fn peer_id(&self, name: &str) -> Option<PeerId> {
        let page: PeerPage = self.json("/api/v1/peers", &[("limit", "200")])?;
        page.peers
            .iter()
            .find(|peer| peer.name == name)
            .map(|peer| peer.id)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
