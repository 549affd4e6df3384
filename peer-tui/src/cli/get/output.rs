//! Where `get` puts what comes: the download folder, the place that a person named, or standard
//! output.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use protocol::names::SafePath;
use rustix::fs::Access;
use serde_json::json;

use super::follow::Landed;
use crate::cli::print;
use crate::cli::trouble::Trouble;
use crate::config::Config;
use crate::fetch::Wish;

/// Where the file of a wish goes.
pub enum Output {
    /// Below the download folder; where exactly is told.
    Downloads,
    /// There and nowhere else.
    At(PathBuf),
    /// To standard output, by way of a folder of its own: it is fetched whole and verified first, so
    /// that no wrong byte is ever written.
    Standard(tempfile::TempDir),
}

impl Output {
    /// Looks whether the place will do before a byte is fetched, and tells it to `wish`.
    ///
    /// # Errors
    /// When something else is there, or nothing can be written there.
    pub fn prepare(
        output: Option<&Path>,
        wish: &mut Wish,
        config: &Config,
    ) -> Result<Self, Trouble> {
        let Some(output) = output else {
            return Ok(Self::Downloads);
        };
        if output.as_os_str() == "-" {
            let folder = tempfile::Builder::new()
                .prefix("peerdex-get-")
                .tempdir_in(config.downloads.parent().unwrap_or(&config.data))
                .or_else(|_| tempfile::tempdir())
                .map_err(|error| Trouble::failed(format!("make a temporary folder: {error}")))?;
            wish.save_as = Some(folder.path().join("content"));
            return Ok(Self::Standard(folder));
        }
        let mut place = std::path::absolute(output)
            .map_err(|error| Trouble::usage(format!("--output: {error}")))?;
        if place.is_dir() || output.as_os_str().as_bytes().ends_with(b"/") {
            place.push(SafePath::name_from_untrusted(&wish.path).as_path());
        }
        check(&place, wish.size_bytes)?;
        wish.save_as = Some(place.clone());
        Ok(Self::At(place))
    }

    /// The folder that goes when nobody waits for it any more.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Standard(folder) => Some(folder.path().to_owned()),
            Self::Downloads | Self::At(_) => None,
        }
    }

    /// Hands over what came.
    ///
    /// # Errors
    /// When it is not where it was asked for, or standard output does not take it.
    pub fn deliver(self, landed: &[Landed], json: bool) -> Result<(), Trouble> {
        match self {
            Self::Downloads => report(landed, json),
            Self::At(place) => {
                report(landed, json);
                if let Some(file) = landed.iter().find(|file| file.path != place) {
                    return Err(Trouble::failed(format!(
                        "{} was taken by another file meanwhile: it is at {}",
                        place.display(),
                        file.path.display()
                    )));
                }
            }
            Self::Standard(folder) => match landed {
                [file] => pour(folder, &file.path)?,
                _ => return Err(Trouble::failed("more than one file came")),
            },
        }
        Ok(())
    }
}

/// Tells where files are.
pub fn report(landed: &[Landed], json: bool) {
    for file in landed {
        if json {
            print::json(&json!({
                "id": file.id,
                "hash": file.hash,
                "size": file.size_bytes,
                "path": file.path,
            }));
        } else {
            print::path(&file.path);
        }
    }
}

/// Whether a file of so many bytes can get this place, or may be there already.
fn check(place: &Path, size_bytes: u64) -> Result<(), Trouble> {
    let failed = |what: &str, path: &Path, error: io::Error| {
        Trouble::failed(format!("{what} {}: {error}", path.display()))
    };
    let is_taken = match fs::metadata(place) {
        Ok(found) => !found.is_file() || found.len() != size_bytes,
        // A link that leads nowhere has the name, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::symlink_metadata(place).is_ok()
        }
        Err(error) => return Err(failed("look at", place, error)),
    };
    if is_taken {
        return Err(Trouble::failed(format!(
            "{} is there and is something else: name another place with -o, or move it away",
            place.display()
        )));
    }
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder).map_err(|error| failed("make folder", folder, error))?;
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| failed("write in folder", folder, error.into()))
}

fn pour(folder: tempfile::TempDir, path: &Path) -> Result<(), Trouble> {
    let failed = |error: io::Error| Trouble::failed(format!("write to standard output: {error}"));
    let mut file = fs::File::open(path).map_err(failed)?;
    io::copy(&mut file, &mut io::stdout().lock()).map_err(failed)?;
    folder.close().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_will_not_do_is_refused_before_a_byte_is_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("same"), b"12345").unwrap();
        fs::write(at("other"), b"1234").unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        let refused = |place: &Path| check(place, 5).err().map(|trouble| trouble.message);
        assert_eq!(refused(&at("same")), None, "it may be that very file");
        assert_eq!(refused(&at("new/er/x")), None);
        for taken in [at("other"), at("link"), folder.path().to_owned()] {
            let said = refused(&taken).unwrap();
            assert!(said.contains("is something else"), "{said}");
        }
        let said = refused(&at("other/x")).unwrap();
        assert!(said.contains(&at("other").display().to_string()), "{said}");
        let said = refused(Path::new("/proc/nope/x")).unwrap();
        assert!(said.starts_with("make folder /proc/nope: "), "{said}");
    }
}
