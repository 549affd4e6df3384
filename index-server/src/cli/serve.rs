//! Runs the server until a signal ends it.

use std::io::Write;

use anyhow::{Context, bail};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::cli::join;
use crate::config::Config;
use crate::server::Server;
use crate::telemetry::{self, Logging};

/// Starts the server, says where it listens, and stops it on SIGTERM or SIGINT.
pub(super) fn serve(config: Config, logging: &Logging) -> anyhow::Result<()> {
    telemetry::install(logging)?;
    raise_descriptor_limit();
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    let starting = Server::start(config);
    let server = tokio::select! {
        server = starting => server?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    say_ready(&server);
    let is_broken = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = server.broken() => true,
    };
    info!("stopping; a second signal ends at once");
    tokio::select! {
        () = server.stop() => {}
        _ = terminate.recv() => warn!("ended before all answers were given"),
        _ = interrupt.recv() => warn!("ended before all answers were given"),
    }
    if is_broken {
        bail!(
            "the index failed inside and could take no more changes (its log says where); start it again"
        );
    }
    Ok(())
}

/// The line that scripts wait for, and how others join. A reader that has gone away with the first
/// line in hand is no reason to stop.
fn say_ready(server: &Server) {
    let address = server.local_addr();
    let mut text = format!("index-server listening on http://{address}\n");
    for line in join::lines(address) {
        text.push_str(&line);
        text.push('\n');
    }
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        warn!(%error, "say on standard output where the index listens");
    }
}

/// Every connection is a descriptor; systems start programs with far fewer than they allow.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        warn!(%error, "raise the limit of open descriptors");
    }
}
