//! The demo's index and its four peers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::{busy, samples};
use crate::config::Config;
use crate::daemon::engine::{Engine, EngineOptions, IndexChoice};
use crate::daemon::log::LogRing;
use crate::host::{self, HostedIndex};

/// The peers, the first of them is the one that is looked at.
pub const NAMES: [&str; 4] = ["you", "nas-lena", "kiosk-07", "marta"];

/// A running demo; cheap to clone.
#[derive(Clone)]
pub struct Network(Arc<Parts>);

struct Parts {
    folder: PathBuf,
    index: Mutex<Option<HostedIndex>>,
    url: String,
    first: Engine,
    others: Mutex<Vec<Engine>>,
    is_busy: bool,
}

impl Network {
    /// Starts the index and the first peer, so that there is something to look at; the others follow
    /// by [`start_neighbours`](Self::start_neighbours).
    ///
    /// # Errors
    /// When the folder cannot be written or nothing can be listened at.
    pub async fn start(
        folder: &Path,
        added: Vec<PathBuf>,
        log: LogRing,
        is_busy: bool,
    ) -> anyhow::Result<Self> {
        let index = host::start_private(&folder.join("index")).await?;
        let url = index.local_url();
        let mut config = peer_config(folder, 0);
        config.shares.extend(added);
        if is_busy {
            // What is fetched over and over must not become a thing that is shared here already.
            config.share_downloads = false;
            config.down_limit = Some(busy::RATE_BYTES * busy::DOWNLOADS_COUNT as u64);
        }
        let options = EngineOptions {
            log,
            index: IndexChoice::Only(url.clone()),
            max_active: is_busy.then_some(busy::DOWNLOADS_COUNT),
        };
        let first = Engine::start(config, options).await?;
        Ok(Self(Arc::new(Parts {
            folder: folder.to_owned(),
            index: Mutex::new(Some(index)),
            url,
            first,
            others: Mutex::default(),
            is_busy,
        })))
    }

    /// Makes the sample files and starts the other peers, one after the other.
    ///
    /// # Errors
    /// When a file cannot be written or nothing can be listened at.
    pub async fn start_neighbours(self) -> anyhow::Result<()> {
        for number in 0..NAMES.len() {
            let share = peer_config(&self.0.folder, number).shares.remove(0);
            tokio::task::spawn_blocking(move || samples::write(&share, number)).await??;
            if number > 0 {
                self.start_neighbour(number).await?;
            }
        }
        if self.0.is_busy {
            let share = self.0.folder.join(NAMES[1]).join("shared_files");
            tokio::task::spawn_blocking(move || busy::write(&share)).await??;
            busy::keep_running(self.0.first.clone()).await;
        }
        Ok(())
    }

    async fn start_neighbour(&self, number: usize) -> anyhow::Result<()> {
        let options = EngineOptions {
            // What others log is not what this peer's screen shows.
            log: LogRing::default(),
            index: IndexChoice::Only(self.0.url.clone()),
            max_active: None,
        };
        let engine = Engine::start(peer_config(&self.0.folder, number), options).await?;
        self.0.others.lock().await.push(engine);
        Ok(())
    }

    /// The peer that is looked at.
    pub fn first(&self) -> &Engine {
        &self.0.first
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The index.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Ends all peers, then the index.
    pub async fn stop(&self) {
        let others = std::mem::take(&mut *self.0.others.lock().await);
        let goodbyes = others.iter().map(Engine::stop);
        futures::future::join(self.0.first.stop(), futures::future::join_all(goodbyes)).await;
        if let Some(index) = self.0.index.lock().await.take() {
            index.stop().await;
        }
    }
}

fn peer_config(folder: &Path, number: usize) -> Config {
    let home = folder.join(NAMES[number]);
    let mut config = Config::in_folders(
        home.join("data"),
        home.join("shared_files"),
        home.join("downloads"),
    );
    NAMES[number].clone_into(&mut config.name);
    config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.listen_is_fixed = true;
    config
}
