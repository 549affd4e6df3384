//! The key of this peer: an ed25519 key file, made on first start.
//!
//! Knows nothing of the network: it signs statements that others lay out.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::Signer as _;
use protocol::ids::PeerId;

/// Name of the key file in the data folder.
pub const KEY_FILE: &str = "identity.key";
/// First line of the key file; another one means another kind of file.
const HEADING: &str = "peerdex identity v1";

/// The peer's key and the id that follows from it.
#[derive(Debug, Clone)]
pub struct Identity {
    key: ed25519_dalek::SigningKey,
    id: PeerId,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file system said no.
    #[error("{operation} identity key {}: {reason}", .path.display())]
    Io {
        /// `read` or `write`.
        operation: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "identity key {} is damaged: put a backup in its place, or move it away to start with a new identity",
        .path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
}

impl Identity {
    /// Reads `identity.key` in `folder`, or makes it (0600, durable before use).
    ///
    /// # Errors
    /// When the file can be neither read nor made, or holds something else.
    pub fn load_or_create(folder: &Path) -> Result<Self, IdentityError> {
        let path = folder.join(KEY_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let secret = parse(&text).ok_or(IdentityError::Damaged { path })?;
                Ok(Self::from_secret(&secret))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret: [u8; 32] = rand::random();
                write_new(folder, &path, &secret).map_err(|reason| IdentityError::Io {
                    operation: "write",
                    path,
                    reason,
                })?;
                Ok(Self::from_secret(&secret))
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(IdentityError::Damaged { path })
            }
            Err(reason) => Err(IdentityError::Io {
                operation: "read",
                path,
                reason,
            }),
        }
    }

    /// An identity from 32 secret bytes (tests, demo).
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(secret);
        let id = PeerId::of_public_key(&key.verifying_key().to_bytes());
        Self { key, id }
    }

    /// The peer id.
    pub const fn id(&self) -> PeerId {
        self.id
    }

    /// The public key, 64 hex digits.
    pub fn public_key_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.key.verifying_key().to_bytes())
    }

    /// Signature over `statement`, 128 hex digits.
    pub fn sign_hex(&self, statement: &[u8]) -> String {
        data_encoding::HEXLOWER.encode(&self.key.sign(statement).to_bytes())
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(HEADING)?.trim();
    let bytes = data_encoding::HEXLOWER.decode(digits.as_bytes()).ok()?;
    bytes.try_into().ok()
}

/// Written beside, made durable, renamed into place, folder made durable: after a power cut there is
/// either no key or a whole one.
fn write_new(folder: &Path, path: &Path, secret: &[u8; 32]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(
        file,
        "{HEADING}\n{}",
        data_encoding::HEXLOWER.encode(secret)
    )?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_has_the_same_id_and_nobody_else_can_read_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::load_or_create(folder.path()).unwrap();
        let second = Identity::load_or_create(folder.path()).unwrap();
        assert_eq!(first.id(), second.id());
        assert_eq!(
            first.sign_hex(b"statement"),
            second.sign_hex(b"statement"),
            "ed25519 is deterministic"
        );
        let mode = fs::metadata(folder.path().join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_never_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        for damage in ["", "peerdex identity v1\nabc\n", "\u{fffd}", "00"] {
            fs::write(&path, damage).unwrap();
            let error = Identity::load_or_create(folder.path()).unwrap_err();
            assert!(error.to_string().contains("damaged"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damage);
        }
    }
}
