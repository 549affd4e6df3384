//! One name more or less of a record. Of a record that waits already this costs the one name, not all
//! that it has: folders full of equal files come and go one by one.

use protocol::ids::{FileId, PeerId};

use super::Catalog;
use crate::catalog::FileEntry;
use crate::catalog::lookup::spread;

impl Catalog {
    /// Puts a record in by one name, which is its last one where the record is there already. Yields
    /// whether that name is new. A record of another owner stays as it is.
    pub fn name(&mut self, newer: FileEntry) -> bool {
        let is_known = self.ids.may_hold(spread(newer.id.as_bytes()));
        let earlier = is_known.then(|| self.take(&newer.id)).flatten();
        let Some(mut entry) = earlier else {
            self.insert(newer);
            return true;
        };
        let content = spread(entry.hash.as_bytes());
        if entry.owner != newer.owner {
            self.wait(content, entry);
            return false;
        }
        if entry.is_partial != newer.is_partial || entry.hash != newer.hash {
            // With all its names it counts otherwise from now on.
            let mut whole = entry.clone();
            self.wait(content, entry);
            let is_new = whole.renew(newer);
            self.put(whole);
            return is_new;
        }
        let before_bytes = entry.size_bytes;
        let is_new = entry.renew(newer);
        self.change_count += 1;
        if !entry.is_partial {
            let owner = self.number(entry.owner);
            let totals = &mut self.totals[owner as usize];
            for sum in [&mut totals.bytes, &mut self.byte_count] {
                *sum = sum
                    .saturating_sub(before_bytes)
                    .saturating_add(entry.size_bytes);
            }
            if let Some(name) = entry.names.last().filter(|_| is_new) {
                totals.digest.toggle(&name.path, &entry.hash);
            }
        }
        self.wait(content, entry);
        is_new
    }

    /// Takes a name of `owner`'s record away, and the record with its last one. Yields how many it
    /// has left, where it had this one.
    pub fn unname(&mut self, owner: &PeerId, id: &FileId, path: &str) -> Option<usize> {
        let mut entry = self.take(id)?;
        let content = spread(entry.hash.as_bytes());
        let is_theirs = entry.owner == *owner;
        let is_all = matches!(&entry.names[..], [name] if name.path == path);
        if is_theirs && is_all {
            self.wait(content, entry);
            self.remove(id);
            return Some(0);
        }
        let was_there = is_theirs && entry.unname(path);
        let left_count = entry.names.len();
        if was_there {
            self.change_count += 1;
            if !entry.is_partial {
                let owner = self.number(entry.owner);
                self.totals[owner as usize].digest.toggle(path, &entry.hash);
            }
        }
        self.wait(content, entry);
        was_there.then_some(left_count)
    }
}
