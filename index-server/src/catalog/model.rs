//! The catalog as plainly as it can be said: a map of records, scanned and sorted whole.
//!
//! What the real one must equal; shares no code with it but the folding of texts.

mod correct;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::query::{self, Query};
use protocol::search::{Order, SearchParams, Sort};

use super::{FileEntry, Hit, OwnerFacts, OwnerTotals, RecordName, rank};

/// Records and owners.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub entries: BTreeMap<FileId, FileEntry>,
    pub owners: BTreeMap<PeerId, OwnerFacts>,
}

/// A row of results as a person reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub entry: FileEntry,
    /// Of the name that was found.
    pub path: String,
    pub filename: String,
    pub sources: u64,
}

impl From<&Hit<'_>> for Shown {
    fn from(hit: &Hit<'_>) -> Self {
        Self {
            entry: hit.entry(),
            path: hit.path().to_text().to_string(),
            filename: hit.filename().to_owned(),
            sources: hit.sources,
        }
    }
}

struct Candidate<'a> {
    entry: &'a FileEntry,
    name_index: usize,
    class: u8,
}

impl Model {
    pub fn holders(&self, hash: &ContentHash) -> Vec<&FileEntry> {
        let entries = self.entries.values();
        entries.filter(|entry| entry.hash == *hash).collect()
    }

    pub fn is_online(&self, owner: &PeerId) -> bool {
        self.owners.get(owner).is_some_and(|facts| facts.is_online)
    }

    pub fn sources(&self, hash: &ContentHash) -> u64 {
        let holders = self.holders(hash).into_iter();
        holders
            .filter(|entry| !entry.is_partial && self.is_online(&entry.owner))
            .count() as u64
    }

    pub fn totals(&self, owner: &PeerId) -> OwnerTotals {
        let mut totals = OwnerTotals::default();
        let entries = self.entries.values();
        for entry in entries.filter(|entry| entry.owner == *owner && !entry.is_partial) {
            totals.files += 1;
            totals.bytes += entry.size_bytes;
            for name in &entry.names {
                totals.digest.toggle(&name.path, &entry.hash);
            }
        }
        totals
    }

    /// A record by one name; yields whether it is new.
    pub fn name(&mut self, newer: &FileEntry) -> bool {
        let Some(mut earlier) = self.entries.insert(newer.id, newer.clone()) else {
            return true;
        };
        let count = earlier.names.len();
        earlier
            .names
            .retain(|name| name.path != newer.names[0].path);
        let is_new = earlier.names.len() == count;
        earlier.names.extend(newer.names.iter().cloned());
        if let Some(entry) = self.entries.get_mut(&newer.id) {
            entry.names = earlier.names;
            entry.downloads = earlier.downloads;
            (entry.rating_sum, entry.rating_votes) = (earlier.rating_sum, earlier.rating_votes);
        }
        is_new
    }

    /// A name less; yields how many are left where it was there.
    pub fn unname(&mut self, owner: &PeerId, id: &FileId, path: &str) -> Option<usize> {
        let entry = self.entries.get_mut(id)?;
        let count = entry.names.len();
        if entry.owner != *owner {
            return None;
        }
        entry.names.retain(|name| name.path != path);
        let left_count = entry.names.len();
        if left_count == 0 {
            self.entries.remove(id);
        }
        (left_count < count).then_some(left_count)
    }

    /// (path, id) of all rows of a listing.
    pub fn listing(&self, owner: &PeerId, prefix: &str) -> Vec<(String, FileId)> {
        let entries = self.entries.values().filter(|entry| entry.owner == *owner);
        let mut rows: Vec<(String, FileId)> = entries
            .flat_map(|entry| entry.names.iter().map(move |name| (name, entry.id)))
            .filter(|(name, _)| name.path.starts_with(prefix))
            .map(|(name, id)| (name.path.to_string(), id))
            .collect();
        rows.sort();
        rows
    }

    /// All rows of a search, in order.
    pub fn search(&self, query: &Query, params: &SearchParams) -> Vec<Shown> {
        let mut best: HashMap<Vec<u8>, Candidate<'_>> = HashMap::new();
        for entry in self.entries.values() {
            let Some(candidate) = self.candidate(entry, query, params) else {
                continue;
            };
            let key = if params.collapse {
                entry.hash.as_bytes().to_vec()
            } else {
                entry.id.as_bytes().to_vec()
            };
            let is_better = best.get(&key).is_none_or(|other| {
                self.goodness(&candidate, params) > self.goodness(other, params)
            });
            if is_better {
                best.insert(key, candidate);
            }
        }
        let mut rows: Vec<Candidate<'_>> = best.into_values().collect();
        rows.sort_by(|left, right| self.compare(left, right, params));
        rows.into_iter()
            .map(|row| Shown {
                entry: row.entry.clone(),
                path: row.entry.names[row.name_index].path.to_string(),
                filename: given_name(&row.entry.names[row.name_index]).to_owned(),
                sources: self.sources(&row.entry.hash),
            })
            .collect()
    }

    fn goodness(&self, candidate: &Candidate<'_>, params: &SearchParams) -> impl Ord + use<> {
        let entry = candidate.entry;
        let facts = self.owners.get(&entry.owner);
        let class = match params.sort {
            Sort::Relevance => candidate.class,
            _ => 0,
        };
        let worth = match params.sort {
            Sort::Downloads => i128::from(entry.downloads),
            // Votes of up to five stars: their means in millionths.
            Sort::Rating => match i128::from(entry.rating_votes) {
                0 => 0,
                votes => i128::from(entry.rating_sum) * 1_000_000 / votes,
            },
            Sort::UploadTime => i128::from(entry.uploaded_at.as_millisecond()),
            _ => 0,
        };
        (
            self.is_online(&entry.owner),
            Reverse(class),
            worth,
            facts.map_or(0, |facts| facts.reputation),
            rank::draw(
                rank::lot(entry.owner.as_bytes()),
                rank::lot(entry.hash.as_bytes()),
            ),
        )
    }

    /// The record with the last of its names that match best, or just match where the order is not
    /// by relevance.
    fn candidate<'a>(
        &self,
        entry: &'a FileEntry,
        query: &Query,
        params: &SearchParams,
    ) -> Option<Candidate<'a>> {
        let is_wanted = !entry.is_partial
            && (!params.online || self.is_online(&entry.owner))
            && self.is_owner_wanted(&entry.owner, query, params)
            && query.hash.is_none_or(|hash| hash == entry.hash)
            && params.hash.is_none_or(|hash| hash == entry.hash)
            && query.min_size.is_none_or(|min| entry.size_bytes >= min)
            && params.min_size.is_none_or(|min| entry.size_bytes >= min)
            && query.max_size.is_none_or(|max| entry.size_bytes <= max)
            && params.max_size.is_none_or(|max| entry.size_bytes <= max)
            && (query.categories.is_empty() || query.categories.contains(&entry.category))
            && params.category.is_none_or(|kind| kind == entry.category)
            && query.tags.iter().all(|tag| has_tag(entry, tag))
            && params.tags.iter().all(|tag| has_tag(entry, tag));
        if !is_wanted {
            return None;
        }
        let names = entry.names.iter().enumerate().rev();
        let mut classes = names.filter_map(|(index, name)| Some((index, class(name, query)?)));
        let (name_index, class) = match params.sort {
            // The first of those that are equally good.
            Sort::Relevance => classes.min_by_key(|(_, class)| *class)?,
            _ => classes.next()?,
        };
        Some(Candidate {
            entry,
            name_index,
            class,
        })
    }

    fn is_owner_wanted(&self, owner: &PeerId, query: &Query, params: &SearchParams) -> bool {
        let facts = self.owners.get(owner);
        let name = facts
            .map(|facts| query::fold(&facts.name))
            .unwrap_or_default();
        let id = owner.to_string();
        let is_meant = |text: &CompactString| {
            let is_of_id = text.len() >= 7 && id.starts_with(text.as_str());
            name.contains(text.as_str()) || is_of_id
        };
        params.owner.is_none_or(|wanted| wanted == *owner)
            && (query.owners.is_empty() || query.owners.iter().any(is_meant))
    }

    fn compare(
        &self,
        left: &Candidate<'_>,
        right: &Candidate<'_>,
        params: &SearchParams,
    ) -> Ordering {
        let (a, b) = (left.entry, right.entry);
        let rating = |entry: &FileEntry| match entry.rating_votes {
            0 => 0.0,
            votes => entry.rating_sum as f64 / votes as f64,
        };
        let holders = |entry: &FileEntry| {
            let holders = self.holders(&entry.hash).into_iter();
            let count = holders.filter(|entry| !entry.is_partial).count();
            // Up to 24 each count, then each half of the next power of two.
            let halves = (4..20).flat_map(|log| [2 << log, 3 << log]);
            halves
                .take_while(|step| *step <= count)
                .last()
                .unwrap_or(count.min(24))
        };
        let name = |row: &Candidate<'_>| natural(&file_name(&row.entry.names[row.name_index]));
        let by_name = name(left).cmp(&name(right));
        // Ascending, smallest first.
        let order = match params.sort {
            Sort::Relevance => (right.class.cmp(&left.class))
                .then(holders(a).cmp(&holders(b)))
                .then(a.downloads.cmp(&b.downloads)),
            Sort::Filename => by_name,
            Sort::Size => a.size_bytes.cmp(&b.size_bytes),
            Sort::Downloads => a.downloads.cmp(&b.downloads),
            Sort::Rating => rating(a).total_cmp(&rating(b)),
            Sort::UploadTime => a.uploaded_at.cmp(&b.uploaded_at),
        };
        let order = match params.order.unwrap_or(params.sort.default_order()) {
            Order::Asc => order,
            Order::Desc => order.reverse(),
        };
        let tie = |entry: &FileEntry| (rank::lot(entry.hash.as_bytes()), entry.id);
        order.then(by_name).then(tie(a).cmp(&tie(b)))
    }
}

fn has_tag(entry: &FileEntry, tag: &str) -> bool {
    let tag = query::fold(tag);
    entry.tags.iter().any(|own| query::fold(own) == tag)
}

fn given_name(name: &RecordName) -> &str {
    let last = name.path.rsplit('/').next().unwrap_or_default();
    name.filename.as_deref().unwrap_or(last)
}

fn file_name(name: &RecordName) -> String {
    query::fold(given_name(name)).to_string()
}

fn folder(name: &RecordName) -> String {
    let (folder, last) = name.path.rsplit_once('/').unwrap_or(("", &name.path));
    let is_other = name.filename.as_deref().is_some_and(|given| given != last);
    query::fold(if is_other { &name.path } else { folder }).to_string()
}

/// How a name meets the texts of a query: 0 best, 4 worst.
fn class(name: &RecordName, query: &Query) -> Option<u8> {
    let file_name = file_name(name);
    let text = match folder(name) {
        folder if folder.is_empty() => file_name.clone(),
        folder => format!("{folder}/{file_name}"),
    };
    let plain_text = query::fold_phrase(&text).to_string();
    let plain_name = query::fold_phrase(&file_name).to_string();
    let is_met = query.words.iter().all(|word| text.contains(word.as_str()))
        && query
            .phrases
            .iter()
            .all(|phrase| plain_text.contains(phrase.as_str()))
        && !query
            .without_words
            .iter()
            .any(|word| text.contains(word.as_str()))
        && !query
            .without_phrases
            .iter()
            .any(|phrase| plain_text.contains(phrase.as_str()))
        && (query.extensions.is_empty()
            || query.extensions.iter().any(|extension| {
                let ending = format!(".{extension}");
                file_name.len() > ending.len() && file_name.ends_with(&ending)
            }));
    if !is_met {
        return None;
    }
    let wanted: Vec<&str> = query
        .words
        .iter()
        .chain(&query.phrases)
        .map(CompactString::as_str)
        .collect();
    let wanted = query::fold_phrase(&wanted.join(" ")).to_string();
    if wanted.is_empty() {
        return Some(0);
    }
    let stem = file_name.rsplit_once('.').map_or("", |(stem, _)| stem);
    // A separator in a word is that very one, between words any.
    let mut split = query.words.iter();
    if split.all(|word| query::fold_phrase(word) == *word || file_name.contains(word.as_str())) {
        if plain_name == wanted || query::fold_phrase(stem) == wanted {
            return Some(0);
        }
        if plain_name.starts_with(&wanted) {
            return Some(1);
        }
    }
    let words = query.words.iter().map(|word| (word, &file_name));
    let phrases = query.phrases.iter().map(|phrase| (phrase, &plain_name));
    let classes = words.chain(phrases).map(|(wanted, name)| {
        let mut places = name.match_indices(wanted.as_str()).map(|(at, _)| at);
        let starts_word = |at: usize| {
            let before = name[..at].chars().next_back();
            before.is_none_or(|c| c.is_ascii() && !c.is_ascii_alphanumeric())
        };
        match (places.clone().count(), places.any(starts_word)) {
            (0, _) => 4,
            (_, false) => 3,
            (_, true) => 2,
        }
    });
    classes.max()
}

/// A name as a list that compares naturally: digits as one number.
fn natural(name: &str) -> Vec<(char, u128)> {
    let mut parts: Vec<(char, u128)> = Vec::new();
    let mut is_number = false;
    for character in name.chars() {
        match (character.to_digit(10), parts.last_mut()) {
            (Some(digit), Some((_, number))) if is_number => {
                *number = *number * 10 + u128::from(digit);
            }
            (Some(digit), _) => parts.push(('0', u128::from(digit))),
            (None, _) => parts.push((character, 0)),
        }
        is_number = character.is_ascii_digit();
    }
    parts
}
