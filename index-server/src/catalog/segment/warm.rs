//! Reads a little of many documents before they are looked at one by one: a million records lie in
//! no cache, and reads that do not depend on each other wait for memory together.
//!
//! Each pass touches what the pass before found the place of. Changes nothing and yields nothing.

use std::hint::black_box;

use super::{Doc, Segment};
use crate::catalog::lookup::spread;

impl Segment {
    /// The texts of documents.
    pub fn warm(&self, docs: &[Doc]) {
        let first_byte = |doc: &Doc| {
            let at = self.scan(*doc).name_at as usize;
            let name = self.names.as_bytes().get(at).copied();
            let folder = self.folder(*doc).as_bytes().first().copied();
            name.unwrap_or_default() ^ folder.unwrap_or_default()
        };
        let bytes = docs.iter().map(first_byte);
        black_box(bytes.fold(0, u8::wrapping_add));
    }

    /// The columns that every search reads.
    pub fn warm_scans(&self, docs: &[Doc]) {
        let contents = docs.iter().map(|doc| self.scan(*doc).content);
        black_box(contents.fold(0, u32::wrapping_add));
    }

    /// What tells which row stands first, and who else holds its content.
    pub fn warm_keys(&self, docs: &[Doc]) {
        self.warm_columns(docs);
        let bytes = docs.iter().map(|doc| {
            let at = self.scan(*doc).name_at as usize;
            self.names.as_bytes().get(at).copied().unwrap_or_default()
        });
        black_box(bytes.fold(0, u8::wrapping_add));
        let shared = docs.iter().filter(|doc| !self.scan(**doc).is_alone());
        let spreads = shared.map(|doc| spread(self.detail(*doc).hash.as_bytes()));
        // Hashing takes so long that between two hashes no read would wait beside another.
        self.holders.warm(&spreads.collect::<Vec<_>>());
    }

    /// All that is shown of rows.
    pub fn warm_rows(&self, docs: &[Doc]) {
        self.warm_columns(docs);
        let places = docs.iter().map(|doc| {
            let (scan, detail) = (self.scan(*doc), self.detail(*doc));
            let given = self.given.as_bytes().get(detail.given_at as usize);
            let name = self.names.as_bytes().get(scan.name_at as usize);
            let texts = given.copied().unwrap_or_default() ^ name.copied().unwrap_or_default();
            texts
                ^ self
                    .shared
                    .touch_places(scan.folder, detail.root, detail.rest_at)
        });
        black_box(places.fold(0, u8::wrapping_add));
        let folders = docs.iter().map(|doc| {
            let folder = self.scan(*doc).folder;
            let texts = [self.shared.folder(folder), self.shared.given_folder(folder)];
            let firsts = texts.map(|text| text.as_bytes().first().copied().unwrap_or_default());
            firsts[0] ^ firsts[1]
        });
        black_box(folders.fold(0, u8::wrapping_add));
    }

    fn warm_columns(&self, docs: &[Doc]) {
        // A detail lies across two lines mostly: its start and its end.
        let columns = docs.iter().map(|doc| {
            let detail = self.detail(*doc);
            u32::from(detail.id.as_bytes()[0]) ^ detail.root ^ self.scan(*doc).content
        });
        black_box(columns.fold(0, u32::wrapping_add));
    }
}
