//! A daemon from its start to its end: lock, log, socket, engine, clients, signals.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::engine::{Engine, EngineOptions, IndexChoice};
use super::log::{LogFile, LogLayer, LogRing, safe_fields};
use super::server;
use super::socket::{self, Lock};
use crate::config::Config;

/// Where a daemon writes its log beside the memory that screens read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error, for a terminal or systemd.
    StandardError,
    /// `daemon.log` in the data folder.
    File,
}

/// Runs the daemon of `config` until somebody stops it.
///
/// # Errors
/// One sentence that says what could not be opened and what to do.
pub async fn run(config: Config, target: LogTarget) -> anyhow::Result<()> {
    let data = config.data.clone();
    socket::make_private_folder(&data)?;
    let lock = Lock::take(&data)?;
    let ring = start_log(&config, target)?;
    let listener = socket::bind(&data, &lock)?;
    let options = EngineOptions {
        log: ring,
        index: IndexChoice::Automatic,
        max_active: None,
    };
    let ended = serve_until_told(config, options, listener).await;
    // The next daemon would replace it; a screen finds out sooner without it.
    let _ = std::fs::remove_file(socket::path(&data));
    drop(lock);
    ended
}

async fn serve_until_told(
    config: Config,
    options: EngineOptions,
    listener: UnixListener,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let mut starting = std::pin::pin!(Engine::start(config, options));
    let started = tokio::select! {
        started = &mut starting => Some(started?),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    let Some(engine) = started else {
        // Left in the middle, what runs already would break off anywhere.
        starting.await?.stop().await;
        return Ok(());
    };
    let hang_up = CancellationToken::new();
    let clients = tokio::spawn(server::serve(listener, engine.clone(), hang_up.clone()));
    tokio::select! {
        () = engine.stopped() => tracing::info!("stopping: somebody asked for it"),
        _ = terminate.recv() => tracing::info!("stopping: SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping: SIGINT"),
    }
    hang_up.cancel();
    engine.stop().await;
    // A client that still reads its last words gets them.
    let _ = clients.await;
    tracing::info!("stopped");
    Ok(())
}

fn start_log(config: &Config, target: LogTarget) -> anyhow::Result<LogRing> {
    let ring = LogRing::default();
    let registry = tracing_subscriber::registry();
    match target {
        LogTarget::File => {
            let path = config.data.join("daemon.log");
            let file = LogFile::open(&path)
                .with_context(|| format!("open log file {}", path.display()))?;
            registry
                .with(LogLayer::new(ring.clone(), Some(file)))
                .init();
        }
        LogTarget::StandardError => {
            let is_coloured =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let filter = tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
                .with_env_var("PEERDEX_LOG")
                .from_env_lossy()
                .add_directive("peer_tui=info".parse().context("log filter")?);
            let printed = tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .fmt_fields(safe_fields())
                .with_ansi(is_coloured)
                .with_target(false);
            let printed = tracing_subscriber::Layer::with_filter(printed, filter);
            registry
                .with(LogLayer::new(ring.clone(), None))
                .with(printed)
                .init();
        }
    }
    Ok(ring)
}
