//! Builds the parts of the engine in order and starts the tasks that wire them.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::index::{LateIndex, SessionMaker};
use super::probe::Interests;
use super::remember::Recall;
use super::{Engine, Parts, index, partials, probe, pump};
use crate::config::Config;
use crate::daemon::board::{Board, Facts};
use crate::daemon::log::LogRing;
use crate::daemon::memory::{Limits, Memory};
use crate::daemon::peers::PeerBook;
use crate::fetch::{Fetch, FetchConfig};
use crate::identity::Identity;
use crate::index_client::{IndexClientConfig, IndexUrl};
use crate::serve::slots::SLOT_WAIT;
use crate::serve::{Serve, ServeConfig};
use crate::share::{Share, ShareConfig, ShareError};

/// What an engine is told beside its settings.
#[derive(Debug)]
pub struct EngineOptions {
    /// Where its log goes.
    pub log: LogRing,
    /// Which index it uses.
    pub index: IndexChoice,
    /// Large downloads that run at once; the usual number where absent.
    pub max_active: Option<usize>,
}

/// Which index an engine uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexChoice {
    /// The one of the settings, else the remembered one, else one that is found or hosted.
    Automatic,
    /// This one, whatever is remembered; it is not remembered either.
    Only(String),
}

impl Engine {
    /// Starts everything. Serving and sharing begin at once; the index is joined beside.
    ///
    /// # Errors
    /// One sentence that names what could not be opened and what to do.
    pub async fn start(config: Config, options: EngineOptions) -> anyhow::Result<Self> {
        make_folders(&config)?;
        let identity = Identity::load_or_create(&config.data)?;
        // Before anything runs that would have to be stopped again.
        let socket = Serve::bind(config.listen, config.listen_is_fixed)?;
        let recall = Recall::new(Memory::open(&config.data)?);
        let named = choose_index(&config, &recall, options.index).await?;
        let limits = limits(&config, &recall);
        let blocked = recall.read(|all| all.blocked.clone());

        let share = start_share(&config, &identity, &recall).await?;
        let late = Arc::new(LateIndex::new(identity.id(), share.clone()));
        let usual = FetchConfig::in_folders(config.downloads.clone(), config.data.clone());
        let fetch = FetchConfig {
            down_limit: limits.down,
            blocked: blocked.iter().copied().collect(),
            max_active: options.max_active.unwrap_or(usual.max_active),
            ..usual
        };
        let serve = |fetch: &Fetch| ServeConfig {
            up_limit: limits.up,
            earlier: recall.read(|all| all.uploads),
            ..serve_config(&config, &identity, &share, fetch, &late)
        };
        let holders = Arc::clone(&late) as Arc<dyn crate::fetch::Holders>;
        let begun = begin(fetch, holders, serve, socket).await;
        let (fetch, serve) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                share.stop().await;
                return Err(error);
            }
        };
        let session = session_maker(&config, &identity, &serve, &share);
        let facts = Facts {
            id: identity.id(),
            name: config.name.clone(),
            listen: serve.local_addr(),
            data: config.data.clone(),
            downloads: config.downloads.clone(),
            started_at: Timestamp::now(),
        };
        let book = PeerBook::new(identity.id(), blocked);
        let engine = Self(Arc::new(Parts {
            board: Board::new(facts, book, limits, options.log),
            config,
            share,
            fetch,
            serve,
            index: late,
            recall,
            interests: Interests::default(),
            hosted: OnceLock::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }));
        engine.show_peer_limits();
        engine.say_hello();
        engine.wire(named, session);
        Ok(engine)
    }

    fn wire(&self, named: Option<IndexUrl>, session: SessionMaker) {
        let tasks = &self.0.tasks;
        tasks.spawn(pump::follow_transfers(self.clone()));
        tasks.spawn(pump::follow_share(self.clone()));
        tasks.spawn(pump::follow_log(self.clone()));
        tasks.spawn(partials::follow(self.clone()));
        tasks.spawn(probe::run(self.clone()));
        tasks.spawn(index::join(self.clone(), named, session));
    }

    fn say_hello(&self) {
        let facts = self.board().facts();
        tracing::info!("serving at {} as {}", facts.listen, facts.name);
    }
}

async fn start_share(
    config: &Config,
    identity: &Identity,
    recall: &Recall,
) -> Result<Share, ShareError> {
    Share::start(ShareConfig {
        owner: identity.id(),
        roots: recall.read(|all| all.shares(&config.shares)),
        downloads: config.share_downloads.then(|| config.downloads.clone()),
        data: config.data.clone(),
        rescan_every: config.rescan_every,
        max_file_size: config.max_file_size,
    })
    .await
}

/// Starts to fetch and to serve: both, or neither.
async fn begin(
    fetch: FetchConfig,
    holders: Arc<dyn crate::fetch::Holders>,
    serve: impl FnOnce(&Fetch) -> ServeConfig,
    socket: TcpListener,
) -> anyhow::Result<(Fetch, Serve)> {
    let fetch = Fetch::start(fetch, holders).await?;
    match Serve::start(serve(&fetch), socket).await {
        Ok(serve) => Ok((fetch, serve)),
        Err(error) => {
            fetch.stop().await;
            Err(error.into())
        }
    }
}

/// An index that a person names is remembered, as is the one of an earlier start.
async fn choose_index(
    config: &Config,
    recall: &Recall,
    choice: IndexChoice,
) -> anyhow::Result<Option<IndexUrl>> {
    let named = match choice {
        IndexChoice::Only(url) => Some(url),
        IndexChoice::Automatic => {
            if let Some(index) = config.index.clone() {
                recall.change(move |all| all.index = Some(index)).await;
            }
            recall.read(|all| all.index.clone())
        }
    };
    Ok(named.map(|url| url.parse()).transpose()?)
}

/// A limit of the settings, `none` too, wins over one that was set on the screen at an earlier start.
fn limits(config: &Config, recall: &Recall) -> Limits {
    let remembered = recall.read(|all| all.limits).unwrap_or_default();
    let (is_up_chosen, is_down_chosen) = config.limits_are_chosen;
    let or_remembered = |set: Option<u64>, is_chosen, remembered: Option<u64>| {
        if is_chosen { set } else { set.or(remembered) }
    };
    Limits {
        down: or_remembered(config.down_limit, is_down_chosen, remembered.down),
        up: or_remembered(config.up_limit, is_up_chosen, remembered.up),
    }
}

/// The data folder is private, the download folder and the usual share folder are made where they
/// are missing. A share folder that a person named is never made: a missing one is a mistyped name
/// or a disk that is not there, and the share says so.
fn make_folders(config: &Config) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .with_context(|| {
            format!(
                "create data folder {}: give another --data",
                config.data.display()
            )
        })?;
    let make = |folder: &Path| DirBuilder::new().recursive(true).mode(0o755).create(folder);
    make(&config.downloads).with_context(|| {
        let folder = config.downloads.display();
        format!("create download folder {folder}: give another --downloads")
    })?;
    for folder in config.shares.iter().filter(|_| !config.shares_are_chosen) {
        if let Err(error) = make(folder) {
            tracing::warn!("create share folder {}: {error}", folder.display());
        }
    }
    let writable = config.data.join(".writable");
    fs::write(&writable, b"")
        .and_then(|()| fs::remove_file(&writable))
        .with_context(|| {
            format!(
                "write in data folder {}: give another --data",
                config.data.display()
            )
        })
}

fn serve_config(
    config: &Config,
    identity: &Identity,
    share: &Share,
    fetch: &Fetch,
    late: &Arc<LateIndex>,
) -> ServeConfig {
    let advertised = config.advertise.iter();
    ServeConfig {
        slots: config.slots,
        slots_per_client: config.slots_per_client,
        slot_wait: SLOT_WAIT,
        up_limit: None,
        earlier: (0, 0),
        identity: Arc::new(identity.clone()),
        name: config.name.clone(),
        share: share.clone(),
        partials: Arc::new(fetch.clone()),
        network: Arc::clone(late) as Arc<dyn crate::serve::Network>,
        allowed_hosts: advertised.map(|address| address.ip().to_string()).collect(),
    }
}

fn session_maker(
    config: &Config,
    identity: &Identity,
    serve: &Serve,
    share: &Share,
) -> SessionMaker {
    let (identity, share) = (identity.clone(), share.clone());
    let (name, advertise) = (config.name.clone(), config.advertise);
    let (heartbeat_interval, listen_port) = (config.heartbeat_interval, serve.local_addr().port());
    Box::new(move |url| IndexClientConfig {
        url,
        identity,
        name,
        region: None,
        listen_port,
        advertise,
        heartbeat_interval,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        share: Arc::new(share),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_taken_port_is_said_before_anything_runs() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let data = folder.path().join("data");
        let mut config = Config::in_folders(
            data.clone(),
            folder.path().join("share"),
            folder.path().join("downloads"),
        );
        config.listen = taken.local_addr().unwrap();
        config.listen_is_fixed = true;
        let options = EngineOptions {
            log: LogRing::default(),
            index: IndexChoice::Only("http://127.0.0.1:9".to_owned()),
            max_active: None,
        };
        let refused = Engine::start(config, options).await.err().unwrap();
        assert!(refused.to_string().contains("--listen"), "{refused}");
        let begun: Vec<_> = fs::read_dir(data).unwrap().flatten().collect();
        assert_eq!(begun.len(), 1, "the key alone: {begun:?}");
    }
}
