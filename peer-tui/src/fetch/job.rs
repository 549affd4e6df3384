//! One download as a state machine: who may serve it, whom to believe, who is asked next, and when
//! there is nobody left.
//!
//! Pure: time is an argument, bytes and sockets are elsewhere. What it decides is done in `run`.

mod assign;
mod away;
pub mod candidate;
mod figures;
mod order;
mod stream;

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use protocol::file::{ContentInfo, Source};
use protocol::hash::PiecesRoot;
use protocol::ids::PeerId;
use protocol::pieces::{PieceLayout, PieceSet};

use super::SourceState;
use super::scheduler::{Scheduler, SourceKey};
use super::source::Fault;
use away::away;
use candidate::{Candidate, Holding, Standing};
use order::Order;

/// Failures in a row before a source is left alone until the index is asked again.
const FAILURES_MAX_COUNT: u32 = 4;
/// Notes kept for the close-up.
const NOTES_MAX_COUNT: usize = 50;
/// Sources of one download: enough to fill any link, few enough to look at each.
const CANDIDATES_MAX_COUNT: usize = 200;

/// Said of those whose pieces did not make the file.
const OTHER_PIECES: &str = "told pieces that are not those of the file: never asked again";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Sources are at work, or one may be asked.
    Go,
    /// Nobody can be asked before this time.
    Wait(Instant),
    /// Nobody is left.
    NoSource(String),
}

/// One download.
#[derive(Debug)]
pub struct Job {
    layout: PieceLayout,
    own_id: PeerId,
    /// First wait after a source failed; doubles with each failure in a row.
    failure_wait: Duration,
    candidates: Vec<Candidate>,
    by_peer: BTreeMap<PeerId, SourceKey>,
    /// Holders that are online and not asked, as the index told last.
    refused_count: usize,
    /// Holders that are not online, as the index told last: shown and not asked.
    away: Vec<Source>,
    root: Option<PiecesRoot>,
    bad_roots: HashSet<PiecesRoot>,
    scheduler: Option<Scheduler>,
    /// Makes the order of pieces differ from that of others.
    seed: u64,
    /// As pieces were ordered last.
    order: Option<Order>,
    notes: Vec<String>,
    /// Sources in the order in which they were shown last.
    shown: Vec<PeerId>,
}

impl Job {
    /// A download of a file of this layout that knows nobody yet; pieces of equal worth come in an
    /// order that `seed` makes.
    pub fn new(layout: PieceLayout, own_id: PeerId, failure_wait: Duration, seed: u64) -> Self {
        Self {
            layout,
            failure_wait,
            own_id,
            candidates: Vec::new(),
            by_peer: BTreeMap::new(),
            refused_count: 0,
            away: Vec::new(),
            root: None,
            bad_roots: HashSet::new(),
            scheduler: None,
            seed,
            order: None,
            notes: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// The root that pieces are checked against; `None` while nobody told one.
    pub const fn root(&self) -> Option<PiecesRoot> {
        self.root
    }

    /// Which piece comes from where, once the pieces are known.
    pub const fn scheduler(&self) -> Option<&Scheduler> {
        self.scheduler.as_ref()
    }

    /// A source.
    pub fn candidate(&self, key: SourceKey) -> Option<&Candidate> {
        self.candidates.get(key.0 as usize)
    }

    /// Notes in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a note in words (cleaned: it may hold a stranger's name).
    pub fn note(&mut self, text: &str) {
        if self.notes.len() == NOTES_MAX_COUNT {
            self.notes.remove(0);
        }
        self.notes
            .push(protocol::text::clean(text).text.into_owned());
    }

    /// Takes what the index says of the holders. Peers for which `is_refused` are never asked;
    /// those that failed get another chance, those that sent wrong bytes do not.
    pub fn learn(&mut self, content: &ContentInfo, is_refused: impl Fn(&PeerId) -> bool) {
        self.refused_count = 0;
        self.away = away(content, self.own_id);
        for source in &content.sources {
            if source.peer == self.own_id || !source.is_online {
                continue;
            }
            if is_refused(&source.peer) {
                self.refused_count += 1;
                continue;
            }
            if let Some(key) = self.by_peer.get(&source.peer) {
                self.candidates[key.0 as usize].renew(source);
                continue;
            }
            if self.candidates.len() == CANDIDATES_MAX_COUNT {
                continue;
            }
            let number = u32::try_from(self.candidates.len()).unwrap_or(u32::MAX);
            let Some(candidate) = Candidate::new(source, self.layout) else {
                self.note(&format!(
                    "{} has no address that may be connected to",
                    source.name
                ));
                continue;
            };
            self.by_peer.insert(source.peer, SourceKey(number));
            self.candidates.push(candidate);
        }
        if self.root.is_none() || self.scheduler.is_none() {
            self.choose_root(content.pieces_root);
        }
        self.join_scheduler();
    }

    /// The root of most holders that are still believed; `hint` decides between equals.
    fn choose_root(&mut self, hint: Option<PiecesRoot>) {
        let mut votes: BTreeMap<PiecesRoot, usize> = BTreeMap::new();
        let believed = self
            .candidates
            .iter()
            .filter(|candidate| !candidate.is_out());
        for root in believed.filter_map(|candidate| candidate.root) {
            if !self.bad_roots.contains(&root) {
                *votes.entry(root).or_default() += 1;
            }
        }
        let best = votes
            .into_iter()
            .max_by_key(|(root, count)| (*count, Some(*root) == hint));
        self.root = best.map(|(root, _)| root);
    }

    /// The piece hashes are known and these pieces are there: sources can be asked for the rest.
    pub fn start(&mut self, have: PieceSet) {
        self.scheduler = Some(Scheduler::new(self.layout, have));
        self.order = None;
        for candidate in &mut self.candidates {
            candidate.forget_runs();
        }
        self.join_scheduler();
    }

    fn join_scheduler(&mut self) {
        let Some(scheduler) = &mut self.scheduler else {
            return;
        };
        for (key, candidate) in (0..).map(SourceKey).zip(&mut self.candidates) {
            let fits = candidate.root.is_none() || candidate.root == self.root;
            let is_in = fits && !candidate.is_out();
            if is_in && !candidate.is_scheduled {
                scheduler.set_source(key, candidate.holding.pieces(self.layout));
            }
            if !is_in && candidate.is_scheduled {
                scheduler.remove_source(key);
            }
            candidate.is_scheduled = is_in;
        }
    }

    /// Sources to ask for the piece list, or for the whole file when they know no pieces.
    pub fn askable(&self, now: Instant) -> Vec<SourceKey> {
        let keys = (0..).map(SourceKey).zip(&self.candidates);
        let able = keys.filter(|(_, candidate)| {
            candidate.is_ready(now) && (candidate.root.is_none() || candidate.root == self.root)
        });
        let mut able: Vec<_> = able.collect();
        // Those that told the root first, whole holders before partial ones, the trusted first.
        able.sort_by_key(|(_, candidate)| {
            let is_partial = candidate.holding != Holding::All;
            let trust = u8::MAX - candidate.source.reputation;
            (
                candidate.root.is_none(),
                is_partial,
                candidate.failures,
                trust,
            )
        });
        able.into_iter().map(|(key, _)| key).collect()
    }

    /// Whether somebody could take over from the sources that are at work.
    pub fn has_others(&self, now: Instant) -> bool {
        let able = self.candidates.iter().filter(|candidate| {
            candidate.is_scheduled && (candidate.is_ready(now) || candidate.is_running())
        });
        able.count() > 1
    }

    /// Verified bytes came from a source that knows no pieces.
    pub fn gave(&mut self, key: SourceKey, bytes: u64) {
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.gave(bytes);
        }
    }

    /// A source is asked for something else than a run.
    pub fn asking(&mut self, key: SourceKey) {
        if let Some(candidate) = self.candidates.get_mut(key.0 as usize) {
            candidate.standing = Standing::Running;
        }
    }

    /// What a source was asked for has ended.
    pub fn ended(&mut self, key: SourceKey, result: Result<(), &Fault>, now: Instant) {
        let Some(candidate) = self.candidates.get_mut(key.0 as usize) else {
            return;
        };
        let name = candidate.source.name.clone();
        let Err(fault) = result else {
            candidate.end_well();
            return;
        };
        if candidate.is_resting(now) {
            // Its other request has ended for the same reason.
            return;
        }
        let said = candidate.fault(fault, now, self.failure_wait);
        if let Some(said) = said {
            candidate.said = Some(said.clone());
            self.note(&format!("{name} {said}"));
        }
        self.join_scheduler();
    }

    /// A person blocked a peer.
    pub fn block(&mut self, peer: &PeerId) {
        if let Some(key) = self.by_peer.get(peer) {
            let candidate = &mut self.candidates[key.0 as usize];
            candidate.standing = Standing::Out(SourceState::Failed);
            candidate.said = Some("is blocked".to_owned());
            self.join_scheduler();
        }
    }

    /// The whole file is not what its hash says although every piece fitted: the root was a lie, and
    /// everybody who told it is out. Yields them.
    pub fn root_was_wrong(&mut self) -> Vec<PeerId> {
        let (mut liars, mut names) = (Vec::new(), Vec::new());
        if let Some(root) = self.root.take() {
            self.bad_roots.insert(root);
            for candidate in self
                .candidates
                .iter_mut()
                .filter(|one| one.root == Some(root))
            {
                candidate.standing = Standing::Out(SourceState::Corrupt);
                candidate.said = Some(OTHER_PIECES.to_owned());
                liars.push(candidate.source.peer);
                names.push(candidate.source.name.clone());
            }
        }
        for candidate in &mut self.candidates {
            candidate.is_scheduled = false;
            candidate.forget_runs();
        }
        self.scheduler = None;
        for name in names {
            self.note(&format!("{name} {OTHER_PIECES}"));
        }
        self.choose_root(None);
        liars
    }

    /// All that was there is gone: begins again with the same sources.
    pub fn restart(&mut self) {
        for candidate in &mut self.candidates {
            candidate.is_scheduled = false;
            candidate.forget_runs();
        }
        self.scheduler = None;
    }

    /// Verified bytes from each peer that gave any.
    pub fn got(&self) -> Vec<(PeerId, u64)> {
        let gave = self
            .candidates
            .iter()
            .filter(|candidate| candidate.gave_bytes > 0);
        gave.map(|candidate| (candidate.source.peer, candidate.gave_bytes))
            .collect()
    }

    /// Whether to go on, wait or give up for now.
    pub fn verdict(&self, now: Instant) -> Verdict {
        let fitting = self.candidates.iter().filter(|candidate| {
            !candidate.is_out() && (candidate.root.is_none() || candidate.root == self.root)
        });
        let mut soonest: Option<Instant> = None;
        for candidate in fitting {
            let busy_until = candidate.busy_until(self.failure_wait);
            if busy_until.is_some_and(|until| until <= now) {
                continue;
            }
            let ready_at = candidate.ready_at(now);
            match ready_at.map(|at| busy_until.map_or(at, |until| until.min(at))) {
                None => return Verdict::Go,
                Some(at) => soonest = Some(soonest.map_or(at, |soonest| soonest.min(at))),
            }
        }
        match soonest {
            Some(at) => Verdict::Wait(at),
            None => Verdict::NoSource(self.why_nobody()),
        }
    }

    fn why_nobody(&self) -> String {
        let count_of = |state| {
            let out = self
                .candidates
                .iter()
                .filter(|one| one.standing == Standing::Out(state));
            out.count()
        };
        let is_busy = |one: &Candidate| one.busy_until(self.failure_wait).is_some();
        if self.candidates.iter().any(is_busy) {
            return "those who have it are busy with others".to_owned();
        }
        let (corrupt, all) = (count_of(SourceState::Corrupt), self.candidates.len());
        match all {
            0 if self.refused_count > 0 => {
                "those who have it are blocked or sent wrong bytes before".to_owned()
            }
            0 if self.away.is_empty() => "nobody shares it any more".to_owned(),
            0 => "nobody who has it is online".to_owned(),
            _ if corrupt == all => "everybody who has it sent wrong bytes".to_owned(),
            _ => "none of those who have it answers".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
