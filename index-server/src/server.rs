//! Builds the parts in order and stops them in reverse. Also how a peer hosts an index inside
//! itself, so nothing here belongs to the whole process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;
use tracing::info;

use crate::allocator;
use crate::announce::Announcement;
use crate::clock::Clock;
use crate::config::{Config, JournalChoice};
use crate::feed::Feed;
use crate::http::App;
use crate::http::listener::permits::Permits;
use crate::http::listener::{Listener, socket};
use crate::http::proxies::Proxies;
use crate::identity::{Identity, IdentityError};
use crate::journal::{EmbeddedJournal, Journal, JournalError, MemoryJournal};
use crate::metrics::Metrics;
use crate::sequencer::{Index, Parts, Settings, Stopper, rescue};
use crate::shelf::Shelf;

/// Events held for readers that come back: ten minutes of a lively network.
const HELD_EVENTS_COUNT: usize = 4_096;

/// A running index. Dropping it ends the listener at once; [`Server::stop`] ends it well.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: Listener,
    stopper: Stopper,
    index: Index,
    announcement: Option<Announcement>,
    _ends_with_this: DropGuard,
}

impl Server {
    /// Opens the journal, replays it, binds the listener and starts serving. Callers that come
    /// while the journal is replayed are told to wait.
    ///
    /// # Errors
    /// One sentence that names what could not be opened and what to do.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let identity = identity(&config)?;
        let clock = Clock::default();
        let feed = Feed::going_on_after(HELD_EVENTS_COUNT, first_seq(clock));
        let metrics = Metrics::new();
        let app = App::new(&config, identity.id(), feed.clone(), Arc::clone(&metrics));
        let app = Arc::new(app);
        let ends_with_this = app.stopping().clone().drop_guard();
        let (stopping, pacer) = (app.stopping().clone(), feed.clone().pace());
        tokio::spawn(async move { stopping.run_until_cancelled(pacer).await });
        let (stopping, giving_back) = (app.stopping().clone(), allocator::give_back_regularly());
        tokio::spawn(async move { stopping.run_until_cancelled(giving_back).await });
        let permits = if config.limit_loopback {
            Permits::for_all()
        } else {
            Permits::sparing_loopback()
        };
        let permits = permits.behind(Proxies::new(config.trusted_proxies.clone()));
        let listener = Listener::start(bind(config.listen)?, &app, permits)
            .context("ask the listening socket for its address")?;
        let parts = |journal| Parts {
            journal,
            shelf: (config.journal == JournalChoice::Embedded)
                .then(|| Shelf::in_folder(&config.data)),
            feed: Box::new(feed.clone()),
            metrics: Arc::clone(&metrics),
            clock,
            settings: Settings::from(&config),
        };
        let (index, stopper) = match start_index(&config, &parts).await {
            Err(found) if found.is_damage() && config.journal == JournalChoice::Embedded => {
                let folder = config.data.clone();
                let rescuing =
                    tokio::task::spawn_blocking(move || rescue(&folder, found, clock.now()));
                let rescued = rescuing.await.context("mend the journal")??;
                metrics.count_damaged_journal(if rescued.is_all() { "mended" } else { "lost" });
                start_index(&config, &parts).await
            }
            outcome => outcome,
        }
        .context("read the journal")?;
        let stats = &index.view().stats;
        info!(
            address = %listener.local_addr(),
            index = %identity.id(),
            peers = stats.total_peers,
            files = stats.total_files,
            ready_ms = u64::try_from(app.uptime().as_millis()).unwrap_or(u64::MAX),
            "ready"
        );
        app.become_ready(index.clone());
        let announcement = config
            .announce
            .then(|| Announcement::make(listener.local_addr(), &identity.id()));
        Ok(Self {
            app,
            listener,
            stopper,
            index,
            announcement,
            _ends_with_this: ends_with_this,
        })
    }

    /// The address it listens at, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Ends when the index cannot go on, because what changes it ended in a panic.
    pub fn broken(&self) -> impl Future<Output = ()> + use<> {
        self.index.broken()
    }

    /// Says goodbye on every socket, lets running answers finish (at most 10 s), closes the
    /// journal.
    pub async fn stop(mut self) {
        self.announcement.take();
        self.app.feed.close("the index is stopping");
        self.app.stopping().cancel();
        self.listener.drain(&self.app).await;
        self.stopper.stop().await;
        info!("stopped");
    }
}

/// Numbers of events go on beyond those of any earlier process, so that a reader of an earlier one
/// is told to read the lists anew instead of being given the wrong events.
fn first_seq(clock: Clock) -> u64 {
    u64::try_from(clock.now().as_microsecond()).unwrap_or(0)
}

fn identity(config: &Config) -> anyhow::Result<Identity> {
    match config.journal {
        JournalChoice::Embedded => match Identity::load_or_make(&config.data) {
            Err(error @ IdentityError::Io { .. }) => {
                let remedy = "let this user write there, or give another folder with --data";
                Err(anyhow::anyhow!("{error}: {remedy}"))
            }
            outcome => outcome.context("get the key of this index"),
        },
        JournalChoice::Memory => Identity::ephemeral().context("get the key of this index"),
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    socket::bind(address).map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another program has this port; stop it, or give another port with --listen \
                 (port 0 picks a free one)"
            }
            io::ErrorKind::PermissionDenied => {
                "this user may not have this port; give one of 1024 or more with --listen"
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine does not have this address; give one that it has, or [::], with \
                 --listen"
            }
            _ => "give another address with --listen",
        };
        anyhow::anyhow!("listen at {address}: {error}: {remedy}")
    })
}

/// Opens the journal and starts what goes on from it.
async fn start_index(
    config: &Config,
    parts: &impl Fn(Arc<dyn Journal>) -> Parts,
) -> Result<(Index, Stopper), JournalError> {
    Index::start(parts(open_journal(config).await?)).await
}

async fn open_journal(config: &Config) -> Result<Arc<dyn Journal>, JournalError> {
    match config.journal {
        JournalChoice::Memory => Ok(Arc::new(MemoryJournal::new())),
        JournalChoice::Embedded => {
            let folder = config.data.clone();
            let opening = tokio::task::spawn_blocking(move || EmbeddedJournal::open(&folder));
            let opened = opening.await.unwrap_or_else(|error| {
                Err(JournalError::Store {
                    operation: "open",
                    path: EmbeddedJournal::path_in(&config.data),
                    detail: error.to_string(),
                })
            });
            Ok(Arc::new(opened?))
        }
    }
}
