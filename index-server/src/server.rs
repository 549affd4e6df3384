//! Builds the parts in order and stops them in reverse. Also how a peer hosts an index inside
//! itself.

use std::net::SocketAddr;

use crate::config::Config;

/// A running index.
#[derive(Debug)]
pub struct Server {}

impl Server {
    /// Opens the journal, replays it, binds the listener and starts serving.
    ///
    /// # Errors
    /// One sentence that names what could not be opened and what to do.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let _ = config;
        unimplemented!("helper")
    }

    /// The address it listens at, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        unimplemented!("helper")
    }

    /// Says goodbye on every socket, lets running answers finish (at most 10 s), closes the
    /// journal.
    pub async fn stop(self) {
        unimplemented!("helper")
    }
}
