//! A served folder and a client for tests: real files, a real share, no index.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::hash::ContentHash;
use protocol::pieces::{FileHasher, FileHashes};
use protocol::problem::Problem;
use protocol::search::{SearchParams, SearchResponse};
use protocol::stats::NetworkStats;
use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::{Network, PartialContent, PartialContents, Serve, ServeConfig};
use crate::identity::Identity;
use crate::index_client::IndexError;
use crate::share::{Share, ShareConfig};

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

struct NoNetwork(watch::Sender<Option<NetworkStats>>);

impl Network for NoNetwork {
    fn search(&self, _: SearchParams) -> BoxFuture<'static, Result<SearchResponse, IndexError>> {
        let unreachable = IndexError::Unreachable {
            url: "http://127.0.0.1:1".to_owned(),
            reason: "connection refused".to_owned(),
        };
        Box::pin(std::future::ready(Err(unreachable)))
    }

    fn stats(&self) -> watch::Receiver<Option<NetworkStats>> {
        self.0.subscribe()
    }
}

#[derive(Default)]
pub(super) struct Partials(pub(super) Option<(ContentHash, PartialContent)>);

impl PartialContents for Partials {
    fn partial(&self, hash: &ContentHash) -> Option<PartialContent> {
        let (mine, content) = self.0.as_ref()?;
        (mine == hash).then(|| content.clone())
    }

    fn totals(&self) -> (u64, u64, u64) {
        (3, 4_000, 1)
    }
}

pub(super) struct Kit {
    root: TempDir,
    _data: TempDir,
    pub(super) share: Share,
    pub(super) serve: Serve,
    pub(super) client: Client,
}

impl Kit {
    pub(super) async fn start(files: &[(&str, &[u8])], partials: Partials) -> Self {
        let (root, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for (name, bytes) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let identity = Arc::new(Identity::from_secret(&[7; 32]));
        let share = Share::start(ShareConfig {
            owner: identity.id(),
            roots: vec![root.path().to_owned()],
            downloads: None,
            data: data.path().to_owned(),
            rescan_every: Duration::from_hours(1),
            max_file_size: None,
        })
        .await
        .unwrap();
        let mut changed = share.watch();
        let all = changed.wait_for(|_| share.view().count() == files.len());
        timeout(PATIENCE, all)
            .await
            .expect("files are shared")
            .unwrap();
        let socket = Serve::bind("127.0.0.1:0".parse().unwrap(), true).unwrap();
        let config = ServeConfig {
            slots: 4,
            slots_per_client: 2,
            slot_wait: Duration::from_millis(200),
            up_limit: None,
            earlier: (0, 0),
            identity,
            name: "attic".to_owned(),
            share: share.clone(),
            partials: Arc::new(partials),
            network: Arc::new(NoNetwork(watch::Sender::new(None))),
            allowed_hosts: Vec::new(),
        };
        let serve = Serve::start(config, socket).await.unwrap();
        Self {
            root,
            _data: data,
            share,
            serve,
            client: Client::new(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.serve.local_addr()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn slug(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let response = self.get(path, headers).await;
        let status = response.status().as_u16();
        let problem: Problem = response.json().await.unwrap();
        assert_eq!(problem.status, status);
        (status, problem.slug)
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        Path::join(self.root.path(), name)
    }
}

pub(super) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

pub(super) fn hashes_of(bytes: &[u8]) -> FileHashes {
    let mut hashing = FileHasher::new(bytes.len() as u64);
    hashing.update(bytes);
    hashing.finish().unwrap()
}
