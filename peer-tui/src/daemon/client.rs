//! The other end of the socket, for screens and commands: plain blocking reads and writes, so that
//! a screen needs no runtime and is there at once.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use super::command::{Action, ClientMessage, SOCKET_VERSION, Watch};
use super::socket::{self, PREFIX_BYTES, SERVER_FRAME_MAX_BYTES};
use super::state::{Failure, FailureKind, Reply, ServerMessage, Update};

/// How long a daemon may take to answer the greeting.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages between the socket and a screen; when full the socket is not read, and the daemon sends
/// the newest state later.
const QUEUE_MAX_COUNT: usize = 8;

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no daemon runs for {data}: `peer-tui` or `peer-tui daemon` starts one")]
    NoDaemon {
        /// The data folder.
        data: String,
    },
    /// The daemon is of another version.
    #[error(
        "the daemon that runs here is version {version}, this program is {}: `peer-tui stop` ends it, then start again",
        env!("CARGO_PKG_VERSION")
    )]
    OtherVersion {
        /// The daemon's.
        version: String,
    },
    /// It hung up and said why.
    #[error("the daemon hung up: {reason}")]
    Goodbye {
        /// In its words.
        reason: String,
    },
    /// The socket failed.
    #[error("{operation} the daemon: {reason}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// Why not.
        reason: io::Error,
    },
}

impl ClientError {
    fn io(operation: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::Io { operation, reason }
    }
}

/// What a daemon said of itself.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// Its version.
    pub version: String,
    /// Its process.
    pub pid: u32,
}

/// A conversation that has been greeted, as a pair of bounded queues: what a screen needs.
#[derive(Debug)]
pub struct Queues {
    /// Out; full means that the daemon reads slowly.
    pub to_daemon: mpsc::Sender<ClientMessage>,
    /// In; a daemon that finds it full sends the newest state later.
    pub from_daemon: mpsc::Receiver<ServerMessage>,
}

/// A conversation with a daemon.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    greeting: Greeting,
    next_number: u64,
}

impl Client {
    /// Connects to the daemon of `data` and greets it.
    ///
    /// # Errors
    /// [`ClientError::NoDaemon`] when none listens, [`ClientError::OtherVersion`] when it speaks
    /// another version.
    pub fn connect(data: &Path) -> Result<Self, ClientError> {
        let stream =
            UnixStream::connect(socket::path(data)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    ClientError::NoDaemon {
                        data: data.display().to_string(),
                    }
                }
                _ => ClientError::io("connect to")(error),
            })?;
        stream
            .set_read_timeout(Some(GREETING_TIMEOUT))
            .map_err(ClientError::io("greet"))?;
        let mut client = Self {
            stream,
            greeting: Greeting {
                version: String::new(),
                pid: 0,
            },
            next_number: 1,
        };
        client.send(&ClientMessage::Hello {
            socket_version: SOCKET_VERSION,
        })?;
        match client.receive()? {
            ServerMessage::Welcome {
                socket_version,
                version,
                pid,
            } => {
                if socket_version != SOCKET_VERSION {
                    return Err(ClientError::OtherVersion { version });
                }
                client.greeting = Greeting { version, pid };
            }
            ServerMessage::Goodbye { reason } => return Err(ClientError::Goodbye { reason }),
            ServerMessage::Update(_) | ServerMessage::Reply { .. } => {
                let reason = io::Error::other("it does not greet");
                return Err(ClientError::io("greet")(reason));
            }
        }
        client
            .stream
            .set_read_timeout(None)
            .map_err(ClientError::io("greet"))?;
        Ok(client)
    }

    /// What the daemon said of itself.
    pub const fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Does something and waits for what comes of it; updates that arrive meanwhile are dropped.
    ///
    /// # Errors
    /// [`Failure`] as the daemon put it, or that the conversation broke.
    pub fn ask(&mut self, action: Action) -> Result<Reply, Failure> {
        let asked = self.next_number;
        self.next_number += 1;
        let broken = |error: ClientError| Failure {
            kind: FailureKind::Failed,
            message: error.to_string(),
        };
        self.send(&ClientMessage::Do {
            number: asked,
            action: Box::new(action),
        })
        .map_err(broken)?;
        loop {
            match self.receive().map_err(broken)? {
                ServerMessage::Reply { number, result } if number == asked => return result,
                ServerMessage::Goodbye { reason } => {
                    return Err(broken(ClientError::Goodbye { reason }));
                }
                _ => {}
            }
        }
    }

    /// Says what is shown from now on.
    ///
    /// # Errors
    /// When the socket broke.
    pub fn watch(&mut self, watch: Watch) -> Result<(), ClientError> {
        self.send(&ClientMessage::Watch(Box::new(watch)))
    }

    /// Waits for the next update.
    ///
    /// # Errors
    /// When the daemon is gone.
    pub fn next_update(&mut self) -> Result<Update, ClientError> {
        loop {
            match self.receive()? {
                ServerMessage::Update(update) => return Ok(*update),
                ServerMessage::Goodbye { reason } => return Err(ClientError::Goodbye { reason }),
                ServerMessage::Welcome { .. } | ServerMessage::Reply { .. } => {}
            }
        }
    }

    /// Waits until the daemon has hung up.
    pub fn wait_for_end(mut self) {
        while self.receive().is_ok() {}
    }

    /// Hands the conversation to a screen: two threads between the socket and a pair of queues.
    ///
    /// # Errors
    /// When the socket cannot be used twice.
    pub fn into_queues(self) -> Result<Queues, ClientError> {
        let (to_daemon, mut from_screen) = mpsc::channel::<ClientMessage>(QUEUE_MAX_COUNT);
        let (to_screen, from_daemon) = mpsc::channel::<ServerMessage>(QUEUE_MAX_COUNT);
        let mut writer = Self {
            stream: self
                .stream
                .try_clone()
                .map_err(ClientError::io("attach to"))?,
            greeting: self.greeting.clone(),
            next_number: 0,
        };
        let mut reader = self;
        std::thread::spawn(move || {
            while let Some(message) = from_screen.blocking_recv() {
                if writer.send(&message).is_err() {
                    break;
                }
            }
            // The screen is gone, or the daemon. A daemon answers the end of what it reads by
            // hanging up once all is done, which ends the reader.
            let _ = writer.stream.shutdown(Shutdown::Write);
        });
        std::thread::spawn(move || {
            while let Ok(message) = reader.receive() {
                if to_screen.blocking_send(message).is_err() {
                    break;
                }
            }
        });
        Ok(Queues {
            to_daemon,
            from_daemon,
        })
    }

    fn send(&mut self, message: &ClientMessage) -> Result<(), ClientError> {
        let frame = socket::encode(message).map_err(ClientError::io("write to"))?;
        self.stream
            .write_all(&frame)
            .map_err(ClientError::io("write to"))
    }

    fn receive(&mut self) -> Result<ServerMessage, ClientError> {
        let mut receive = || {
            let mut prefix = [0; PREFIX_BYTES];
            self.stream.read_exact(&mut prefix)?;
            let mut body = vec![0; socket::length(prefix, SERVER_FRAME_MAX_BYTES)?];
            self.stream.read_exact(&mut body)?;
            socket::decode(&body)
        };
        receive().map_err(ClientError::io("read from"))
    }
}
