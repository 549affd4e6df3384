//! A record on the wire, written straight out of what the catalog holds: an answer of fifty rows
//! copies each text once and asks the allocator for nothing.
//!
//! Says what [`FileInfo`](protocol::file::FileInfo) says, in the same words and order; knows
//! nothing of where the parts come from.

use std::io::Write;
use std::net::SocketAddr;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

use protocol::category::Category;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::ids::{FileId, PeerId};
use protocol::json;

/// A [`FileInfo`](protocol::file::FileInfo) in borrowed parts.
#[derive(Debug, Clone, Copy)]
pub struct FileRow<'a> {
    /// Names these bytes at this owner.
    pub id: FileId,
    /// Last part of the path, as it was given.
    pub filename: &'a str,
    /// Path below the share folder, cut into pieces that make it together.
    pub path: [&'a str; 3],
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the whole file.
    pub hash: ContentHash,
    /// Merkle root, where the owner told it.
    pub pieces_root: Option<PiecesRoot>,
    /// Kind of file.
    pub category: Category,
    /// Lower-case words.
    pub tags: &'a [&'a str],
    /// The peer that has it.
    pub owner: PeerId,
    /// Its name.
    pub owner_name: &'a str,
    /// Where this client reaches the owner.
    pub peer_address: SocketAddr,
    /// When it was registered last.
    pub upload_time: Timestamp,
    /// Redirects given for it.
    pub downloads: u64,
    /// Mean of 1 to 5 stars, 0 when nobody has rated.
    pub rating: f64,
    /// Online peers that hold this content.
    pub sources: u64,
}

impl FileRow<'_> {
    /// Appends the JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":\"");
        hex(self.id.as_bytes(), out);
        out.extend_from_slice(b"\",\"filename\":");
        text(&[self.filename], out);
        out.extend_from_slice(b",\"path\":");
        text(&self.path, out);
        out.extend_from_slice(b",\"size\":");
        whole(self.size, out);
        out.extend_from_slice(b",\"hash\":\"");
        hex(self.hash.as_bytes(), out);
        match &self.pieces_root {
            Some(root) => {
                out.extend_from_slice(b"\",\"pieces_root\":\"");
                hex(root.as_bytes(), out);
                out.extend_from_slice(b"\",\"category\":");
            }
            None => out.extend_from_slice(b"\",\"pieces_root\":null,\"category\":"),
        }
        text(&[self.category.as_str()], out);
        out.extend_from_slice(b",\"tags\":[");
        for (index, tag) in self.tags.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            text(&[tag], out);
        }
        out.extend_from_slice(b"],\"owner\":\"");
        out.extend_from_slice(&self.owner.text());
        out.extend_from_slice(b"\",\"owner_name\":");
        text(&[self.owner_name], out);
        out.extend_from_slice(b",\"peer_address\":\"");
        address(self.peer_address, out);
        out.extend_from_slice(b"\",\"upload_time\":\"");
        time(&self.upload_time, out);
        out.extend_from_slice(b"\",\"downloads\":");
        whole(self.downloads, out);
        out.extend_from_slice(b",\"rating\":");
        number(self.rating, out);
        out.extend_from_slice(b",\"sources\":");
        whole(self.sources, out);
        out.push(b'}');
    }
}

fn hex<const LEN: usize>(bytes: &[u8; LEN], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * LEN, 0);
    HEXLOWER.encode_mut(bytes, &mut out[start..]);
}

fn whole(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// An address in IPv4, as nearly all are, is written digit by digit.
fn address(value: SocketAddr, out: &mut Vec<u8>) {
    let SocketAddr::V4(plain) = value else {
        // A `Vec` takes all that is written.
        let _ = write!(out, "{value}");
        return;
    };
    for (index, byte) in plain.ip().octets().into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        whole(u64::from(byte), out);
    }
    out.push(b':');
    whole(u64::from(plain.port()), out);
}

fn time(value: &Timestamp, out: &mut Vec<u8>) {
    const PRINTER: DateTimePrinter = DateTimePrinter::new();
    let _ = PRINTER.print_timestamp(value, out);
}

fn number(value: f64, out: &mut Vec<u8>) {
    if value == 0.0 {
        out.extend_from_slice(b"0.0");
    } else {
        let _ = serde_json::to_writer(out, &value);
    }
}

/// One text out of pieces, in quotes.
fn text(pieces: &[&str], out: &mut Vec<u8>) {
    out.push(b'"');
    for piece in pieces {
        if is_plain(piece) {
            out.extend_from_slice(piece.as_bytes());
        } else {
            // Its own quotes are taken off again.
            let start = out.len();
            let _ = serde_json::to_writer(&mut *out, piece);
            out.pop();
            out.remove(start);
            json::escape_hidden(out, start);
        }
    }
    out.push(b'"');
}

/// Whether a text stands in JSON as it is. Looks at all of it in any case, many bytes at a time.
fn is_plain(text: &str) -> bool {
    let is_mark = |byte: u8| byte == b'"' || byte == b'\\';
    // As a signed number a byte past ASCII is below zero: one comparison finds it and controls.
    let odd = |byte: u8| byte.cast_signed() < 32 || byte == 0x7F || is_mark(byte);
    if !text.bytes().fold(false, |any, byte| any | odd(byte)) {
        return true;
    }
    let odd = |byte: u8| byte < b' ' || is_mark(byte);
    !text.bytes().fold(false, |any, byte| any | odd(byte)) && !json::has_hidden(text.as_bytes())
}

#[cfg(test)]
mod tests;
