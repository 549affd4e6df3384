//! How a command ends when it does not end well: a sentence and an exit code.

use crate::config::ConfigError;
use crate::daemon::client::ClientError;
use crate::daemon::state::{Failure, FailureKind};
use crate::index_client::IndexError;

/// Exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something failed.
    Failed,
    /// The command line or a setting is wrong.
    WrongUsage,
    /// There is no such thing.
    NotFound,
    /// The index does not answer.
    IndexUnreachable,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The terminal is gone.
    HungUp,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::WrongUsage => 2,
            Self::NotFound => 3,
            Self::IndexUnreachable => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
        }
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// With which code the program ends.
    pub exit: Exit,
    /// One sentence; empty where all has been said.
    pub message: String,
}

impl Trouble {
    /// Something failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
        }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::NotFound,
            message: message.into(),
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::WrongUsage,
            message: message.into(),
        }
    }

    /// Ctrl-C.
    pub const fn interrupted() -> Self {
        Self::ended_by(Exit::Interrupted)
    }

    /// A signal, of which nothing needs to be said.
    pub const fn ended_by(exit: Exit) -> Self {
        Self {
            exit,
            message: String::new(),
        }
    }
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.message)
    }
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NoDaemon { .. } => Self::not_found(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let exit = match failure.kind {
            FailureKind::NotFound => Exit::NotFound,
            FailureKind::IndexUnreachable => Exit::IndexUnreachable,
            FailureKind::Refused | FailureKind::Failed => Exit::Failed,
        };
        Self {
            exit,
            message: failure.message,
        }
    }
}

impl From<IndexError> for Trouble {
    fn from(error: IndexError) -> Self {
        let exit = match &error {
            IndexError::Unreachable { .. } => Exit::IndexUnreachable,
            IndexError::Refused(problem) if problem.status == 404 => Exit::NotFound,
            IndexError::Refused(_) | IndexError::Busy { .. } | IndexError::Unexpected { .. } => {
                Exit::Failed
            }
        };
        Self {
            exit,
            message: error.to_string(),
        }
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}
