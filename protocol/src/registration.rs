//! What a registration must obey before anyone looks at who sent it: bounds, names, defaults.
//!
//! Knows the fields alone, neither the peers that are there nor what they registered before.

use compact_str::CompactString;

use crate::category::Category;
use crate::file::FileRegistration;
use crate::hash::{ContentHash, PiecesRoot};
use crate::limits::{PEER_NAME_MAX_BYTES, PEER_TEXT_MAX_BYTES};
use crate::names::SharePath;
use crate::peer::RegisterRequest;
use crate::tags::{derive_tags, normalise_tags};

/// A registration that keeps every rule; category and tags are filled in.
///
/// Owner and address are for the caller to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// Share path, file name included.
    pub path: SharePath,
    /// File name, where a client sent one that is not the last part of the path.
    pub filename: Option<CompactString>,
    /// Bytes, at most `i64::MAX`.
    pub size_bytes: u64,
    /// Content.
    pub hash: ContentHash,
    /// Merkle root.
    pub pieces_root: Option<PiecesRoot>,
    /// Given, or told by the name.
    pub category: Category,
    /// Given or derived from the path, normalised.
    pub tags: Vec<CompactString>,
    /// An unfinished download.
    pub is_partial: bool,
}

/// A field that breaks a rule: what a problem document of the kind `invalid-field` says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldError {
    /// JSON pointer.
    pub pointer: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// An error at `pointer` with a sentence that helps.
    pub fn new(pointer: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer,
            message: message.into(),
        }
    }
}

/// The fields of a registration that say something of the file, borrowed from where they were read.
#[derive(Debug, Clone, Copy)]
#[expect(
    missing_docs,
    reason = "each is the field of `FileRegistration` of that name"
)]
pub struct FileFields<'a, T> {
    pub filename: &'a str,
    pub path: Option<&'a str>,
    pub size: u64,
    pub hash: ContentHash,
    pub pieces_root: Option<PiecesRoot>,
    pub category: Option<Category>,
    pub tags: Option<&'a [T]>,
    pub partial: bool,
}

impl FileRegistration {
    /// [`FileFields::check`] of its fields.
    ///
    /// # Errors
    /// [`FieldError`] names the first field that breaks a rule.
    pub fn check(&self) -> Result<CheckedFile, FieldError> {
        let fields = FileFields {
            filename: &self.filename,
            path: self.path.as_deref(),
            size: self.size,
            hash: self.hash,
            pieces_root: self.pieces_root,
            category: self.category,
            tags: self.tags.as_deref(),
            partial: self.partial,
        };
        fields.check()
    }
}

impl<T: AsRef<str>> FileFields<'_, T> {
    /// The facts of the file, with the path, category and tags that follow where none were given.
    ///
    /// # Errors
    /// [`FieldError`] names the first field that breaks a rule.
    pub fn check(&self) -> Result<CheckedFile, FieldError> {
        SharePath::check_name(self.filename)
            .map_err(|error| FieldError::new("/filename", error.to_string()))?;
        let path = SharePath::new(self.path.unwrap_or(self.filename))
            .map_err(|error| FieldError::new("/path", error.to_string()))?;
        if i64::try_from(self.size).is_err() {
            let message = format!("a size is at most {} bytes", i64::MAX);
            return Err(FieldError::new("/size", message));
        }
        let tags = match self.tags {
            Some(tags) => {
                normalise_tags(tags).map_err(|error| FieldError::new("/tags", error.to_string()))?
            }
            None => (derive_tags(path.as_str()).into_iter())
                .map(CompactString::from)
                .collect(),
        };
        let category = self
            .category
            .unwrap_or_else(|| Category::of_name(self.filename));
        let is_other_name = self.filename != path.file_name();
        Ok(CheckedFile {
            filename: is_other_name.then(|| CompactString::from(self.filename)),
            size_bytes: self.size,
            hash: self.hash,
            pieces_root: self.pieces_root,
            is_partial: self.partial,
            path,
            category,
            tags,
        })
    }
}

impl RegisterRequest {
    /// Checks the bounds of port and texts; identity and address are for the caller to judge.
    ///
    /// # Errors
    /// [`FieldError`] names the first field that breaks a rule.
    pub fn check(&self) -> Result<(), FieldError> {
        if self.port == 0 {
            let message = "give the TCP port at which the peer serves files, 1 to 65535";
            return Err(FieldError::new("/port", message));
        }
        check_text("/name", self.name.as_deref(), PEER_NAME_MAX_BYTES)?;
        check_text("/region", self.region.as_deref(), PEER_TEXT_MAX_BYTES)?;
        check_text("/version", self.version.as_deref(), PEER_TEXT_MAX_BYTES)?;
        if let Some(digest) = &self.catalog_digest {
            digest
                .parse::<crate::catalog_digest::CatalogDigest>()
                .map_err(|error| FieldError::new("/catalog_digest", error.to_string()))?;
        }
        Ok(())
    }
}

fn check_text(
    pointer: &'static str,
    text: Option<&str>,
    max_bytes: usize,
) -> Result<(), FieldError> {
    let text = text.unwrap_or_default();
    if text.len() > max_bytes {
        return Err(FieldError::new(
            pointer,
            format!("at most {max_bytes} bytes"),
        ));
    }
    if text.contains('\0') {
        return Err(FieldError::new(pointer, "no NUL character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> FileRegistration {
        FileRegistration {
            filename: "debian.iso".to_owned(),
            path: Some("iso/debian.iso".to_owned()),
            size: 3,
            hash: ContentHash::of(b"abc"),
            pieces_root: None,
            category: None,
            tags: None,
            owner: None,
            peer_address: None,
            partial: false,
        }
    }

    fn check(change: impl FnOnce(&mut FileRegistration), expected: Result<&str, &str>) {
        let mut file = file();
        change(&mut file);
        let actual = file.check().map(|checked| checked.path.to_string());
        let actual = actual.as_deref().map_err(|error| error.pointer);
        assert_eq!(actual, expected, "{file:?}");
    }

    #[test]
    fn what_is_absent_is_derived() {
        let checked = file().check().expect("a good registration");
        assert_eq!(checked.category, Category::Archive);
        assert_eq!(checked.filename, None);
        assert_eq!(checked.tags, ["debian", "iso"]);
        check(|file| file.path = None, Ok("debian.iso"));
        let mut given = file();
        given.category = Some(Category::Other);
        given.tags = Some(vec!["Tested".to_owned()]);
        let checked = given.check().expect("a good registration");
        assert_eq!(
            (checked.category, checked.tags),
            (Category::Other, vec!["tested".into()])
        );
    }

    #[test]
    fn another_name_than_the_last_part_of_the_path_is_kept() {
        let mut named = file();
        named.filename = "netinst.iso".to_owned();
        let checked = named.check().expect("a good registration");
        assert_eq!(checked.filename.as_deref(), Some("netinst.iso"));
    }

    #[test]
    fn a_bad_field_is_named() {
        check(|file| file.filename.clear(), Err("/filename"));
        check(|file| file.filename = "a/b".to_owned(), Err("/filename"));
        check(|file| file.path = Some("../x".to_owned()), Err("/path"));
        check(|file| file.size = u64::MAX, Err("/size"));
        check(|file| file.tags = Some(vec!["x".repeat(65)]), Err("/tags"));
    }

    #[test]
    fn the_empty_file_is_a_file() {
        let empty = |file: &mut FileRegistration| {
            file.size = 0;
            file.hash = ContentHash::of(b"");
            file.pieces_root = Some(PiecesRoot::from_bytes([0; 32]));
        };
        check(empty, Ok("iso/debian.iso"));
    }

    #[test]
    fn a_peer_is_bounded() {
        let good = RegisterRequest {
            port: 7071,
            name: Some("lena".to_owned()),
            ..RegisterRequest::default()
        };
        assert_eq!(good.check(), Ok(()));
        let pointer = |request: RegisterRequest| request.check().map_err(|error| error.pointer);
        assert_eq!(pointer(RegisterRequest::default()), Err("/port"));
        let long = Some("x".repeat(129));
        assert_eq!(
            pointer(RegisterRequest {
                name: long.clone(),
                ..good.clone()
            }),
            Err("/name")
        );
        assert_eq!(
            pointer(RegisterRequest {
                region: long,
                ..good.clone()
            }),
            Err("/region")
        );
        let nul = Some("\0".to_owned());
        assert_eq!(
            pointer(RegisterRequest {
                version: nul.clone(),
                ..good.clone()
            }),
            Err("/version")
        );
        assert_eq!(
            pointer(RegisterRequest {
                catalog_digest: nul,
                ..good
            }),
            Err("/catalog_digest")
        );
    }
}
