//! The key of the index: made at the first start, kept in the data folder, signed over by peers as
//! the index's id.
//!
//! Knows one file and no network.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey};
use protocol::ids::PeerId;

const KEY_FILE: &str = "index.key";

/// Why the key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file system refused.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold a key.
    #[error(
        "the key file {} is damaged: put it back from a copy, or remove it to make a new key (peers then ask once whether the new index is to be trusted)",
        path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// No randomness to make a key from.
    #[error("the system gave no random bytes for a new key: {0}")]
    Random(String),
}

/// The index's key and the id that follows from it.
#[derive(Debug)]
pub struct Identity {
    key: SigningKey,
    id: PeerId,
}

impl Identity {
    /// The key in `data`, made now if there is none; the folder is made too, for its owner alone.
    ///
    /// # Errors
    /// [`IdentityError`] when folder or file cannot be made or read, or hold something else.
    pub fn load_or_make(data: &Path) -> Result<Self, IdentityError> {
        make_private_folder(data)?;
        let path = data.join(KEY_FILE);
        match OpenOptions::new().read(true).open(&path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(data, &path),
            Err(source) => Err(io_error("open", &path, source)),
        }
    }

    /// A key that is kept nowhere, for an index that may forget.
    ///
    /// # Errors
    /// [`IdentityError::Random`] when the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, IdentityError> {
        Ok(Self::of_secret(&random_secret()?))
    }

    /// The index's id: SHA-256 of its public key.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// The raw public key.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The signature of `statement` by the index.
    pub fn sign(&self, statement: &[u8]) -> Signature {
        self.key.sign(statement)
    }

    fn of_secret(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        let id = PeerId::of_public_key(&key.verifying_key().to_bytes());
        Self { key, id }
    }

    fn read(file: fs::File, path: PathBuf) -> Result<Self, IdentityError> {
        let mut text = String::new();
        // 64 digits and a newline; anything longer is no key of ours.
        match file.take(128).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(IdentityError::Damaged { path });
            }
            Err(source) => return Err(io_error("read", &path, source)),
        }
        let secret: Option<[u8; 32]> = HEXLOWER
            .decode(text.trim_end().as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        secret
            .map(|secret| Self::of_secret(&secret))
            .ok_or(IdentityError::Damaged { path })
    }

    /// Writes beside and renames, so that a crash never leaves half a key under its name.
    fn make(data: &Path, path: &Path) -> Result<Self, IdentityError> {
        let secret = random_secret()?;
        let beside = data.join(format!("{KEY_FILE}.new"));
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", &beside, error));
            }
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(|source| io_error("make", &beside, source))?;
        file.write_all(format!("{}\n", HEXLOWER.encode(&secret)).as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|source| io_error("write", &beside, source))?;
        fs::rename(&beside, path).map_err(|source| io_error("name", path, source))?;
        fs::File::open(data)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| io_error("sync", data, source))?;
        Ok(Self::of_secret(&secret))
    }
}

/// Makes `folder` and what is missing above it; the folder itself is for its owner alone.
///
/// # Errors
/// [`IdentityError::Io`] when it cannot be made.
pub fn make_private_folder(folder: &Path) -> Result<(), IdentityError> {
    let is_there = folder
        .try_exists()
        .map_err(|source| io_error("look at data folder", folder, source))?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| io_error("make data folder", folder, source))?;
    if !is_there {
        // The mode above is subject to the umask; the folder holds keys.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(|source| io_error("protect data folder", folder, source))?;
    }
    Ok(())
}

fn random_secret() -> Result<[u8; 32], IdentityError> {
    use rand::TryRng;
    let mut secret = [0; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut secret)
        .map_err(|error| IdentityError::Random(error.to_string()))?;
    Ok(secret)
}

fn io_error(operation: &'static str, path: &Path, source: io::Error) -> IdentityError {
    IdentityError::Io {
        operation,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_found_again() {
        let parent = tempfile::tempdir().expect("temporary folder");
        let data = parent.path().join("new/data");
        let first = Identity::load_or_make(&data).expect("made");
        let again = Identity::load_or_make(&data).expect("read");
        assert_eq!(first.id(), again.id());
        assert_eq!(first.id(), PeerId::of_public_key(&again.public_key()));
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&data.join(KEY_FILE)), 0o600);
        assert_eq!(mode(&data), 0o700);
        assert_ne!(first.id(), Identity::ephemeral().expect("made").id());
    }

    #[test]
    fn a_damaged_key_is_named_and_never_replaced() {
        let data = tempfile::tempdir().expect("temporary folder");
        let path = data.path().join(KEY_FILE);
        for damaged in [&b""[..], b"xyz", &[b'a'; 63], &[b'a'; 200], &[0xff; 64]] {
            fs::write(&path, damaged).expect("written");
            let error = Identity::load_or_make(data.path()).expect_err("damaged");
            assert!(matches!(error, IdentityError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains("index.key"));
            assert_eq!(fs::read(&path).expect("kept"), damaged);
        }
    }
}
