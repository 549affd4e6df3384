//! The door of a daemon: where its socket is, the lock that makes it the only one of its data
//! folder, and how a message becomes a frame.
//!
//! Knows nothing of what is said.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// Length prefix of a frame.
pub const PREFIX_BYTES: usize = 4;
/// The largest frame from a client: a wish takes 500 bytes, and 30,000 of them may be marked.
pub const CLIENT_FRAME_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The largest frame from a daemon: the whole list of 100,000 transfers in one window.
pub const SERVER_FRAME_MAX_BYTES: usize = 128 * 1024 * 1024;
/// `sun_path` holds 108 bytes on Linux and 104 on other systems.
const SOCKET_PATH_MAX_BYTES: usize = 100;

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another daemon holds the lock.
    #[error("a daemon (process {pid}) already runs for {}: stop it with `peer-tui stop`, or give another --data", .data.display())]
    Running {
        /// Its process id, `?` where it cannot be read.
        pid: String,
        /// The data folder.
        data: PathBuf,
    },
    /// The file system said no.
    #[error("{operation} {}: {reason}", .path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
}

impl SocketError {
    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Io {
            operation,
            path,
            reason,
        }
    }
}

/// Where the socket of the daemon of `data` is: in the folder itself, or under a short name in the
/// runtime folder where the path would be too long for a socket.
pub fn path(data: &Path) -> PathBuf {
    let direct = data.join("daemon.sock");
    if direct.as_os_str().len() <= SOCKET_PATH_MAX_BYTES {
        return direct;
    }
    let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let name = data_encoding::HEXLOWER.encode(&digest[..8]);
    runtime_folder().join(format!("{name}.sock"))
}

fn runtime_folder() -> PathBuf {
    let uid = rustix::process::getuid().as_raw();
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) if folder.len() < 60 && Path::new(&folder).is_absolute() => {
            PathBuf::from(folder).join("peerdex")
        }
        _ => PathBuf::from(format!("/tmp/peerdex-{uid}")),
    }
}

/// Makes a folder that only its owner may enter, parents included.
///
/// # Errors
/// When it cannot be made, or is somebody else's.
pub fn make_private_folder(path: &Path) -> Result<(), SocketError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(SocketError::io("create folder", path))?;
    let metadata = fs::symlink_metadata(path).map_err(SocketError::io("look at folder", path))?;
    let me = rustix::process::getuid().as_raw();
    if metadata.is_dir() && metadata.uid() != me {
        let reason = io::Error::other("it belongs to another user");
        return Err(SocketError::io("use folder", path)(reason));
    }
    Ok(())
}

/// Held by the one daemon of a data folder; given back when it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `data` and writes this process id into it.
    ///
    /// # Errors
    /// [`SocketError::Running`] when another daemon has it.
    pub fn take(data: &Path) -> Result<Self, SocketError> {
        let path = data.join("daemon.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(SocketError::io("open lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let pid = pid.trim();
                return Err(SocketError::Running {
                    pid: if pid.is_empty() { "?" } else { pid }.to_owned(),
                    data: data.to_owned(),
                });
            }
            Err(TryLockError::Error(reason)) => {
                return Err(SocketError::io("lock", &path)(reason));
            }
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(SocketError::io("write lock", &path))?;
        Ok(Self { _file: file })
    }
}

/// Whether a daemon of `data` runs: known by its lock, which ends with its process whatever happens.
pub fn is_running(data: &Path) -> bool {
    let Ok(file) = File::open(data.join("daemon.lock")) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Binds the socket of `data`. A socket that is left over from a daemon that was killed is replaced;
/// that it is left over is known by the lock.
///
/// # Errors
/// When it cannot be bound.
pub fn bind(data: &Path, _lock: &Lock) -> Result<tokio::net::UnixListener, SocketError> {
    let path = path(data);
    if let Some(folder) = path.parent().filter(|folder| *folder != data) {
        make_private_folder(folder)?;
    }
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(SocketError::io("replace socket", &path)(error)),
    }
    let listener =
        tokio::net::UnixListener::bind(&path).map_err(SocketError::io("bind socket", &path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .map_err(SocketError::io("protect socket", &path))?;
    Ok(listener)
}

/// A message as a frame: length and JSON.
///
/// # Errors
/// When the message does not fit.
pub fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; PREFIX_BYTES];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - PREFIX_BYTES)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a message is too long"))?;
    frame[..PREFIX_BYTES].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// The length that a prefix tells.
///
/// # Errors
/// When it is over `max_bytes`.
pub fn length(prefix: [u8; PREFIX_BYTES], max_bytes: usize) -> io::Result<usize> {
    let length = u32::from_be_bytes(prefix) as usize;
    if length > max_bytes {
        let text = format!("a frame of {length} bytes, at most {max_bytes} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(length)
}

/// The message of a frame's body.
///
/// # Errors
/// When it is not one.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    serde_json::from_slice(body).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_daemon_is_refused_with_the_pid_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(error.contains("peer-tui stop"), "{error}");
        assert!(is_running(folder.path()));
        drop(lock);
        assert!(!is_running(folder.path()));
        Lock::take(folder.path()).unwrap();
    }

    #[tokio::test]
    async fn a_left_over_socket_is_replaced_and_nobody_else_may_speak() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        drop(bind(folder.path(), &lock).unwrap());
        let _listener = bind(folder.path(), &lock).unwrap();
        let mode = fs::metadata(path(folder.path()))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_deep_data_folder_has_a_short_socket() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        make_private_folder(&deep).unwrap();
        let lock = Lock::take(&deep).unwrap();
        let _listener = bind(&deep, &lock).unwrap();
        assert!(path(&deep).as_os_str().len() <= SOCKET_PATH_MAX_BYTES);
        assert_ne!(path(&deep), path(&folder.path().join("e".repeat(120))));
        fs::remove_file(path(&deep)).unwrap();
    }

    #[test]
    fn a_frame_over_the_cap_is_refused_before_it_is_read() {
        let frame = encode(&"text").unwrap();
        assert_eq!(frame, [0, 0, 0, 6, b'"', b't', b'e', b'x', b't', b'"']);
        assert_eq!(length([0, 0, 0, 6], 6).unwrap(), 6);
        assert!(length([1, 0, 0, 0], 6).is_err());
    }
}
