//! Looks of the owner: which ones to make, and what follows from what they saw.
//!
//! Decides nothing about files: that is the ledger's.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Done, Task, unix_secs};
use crate::share::crew::{LookJob, LookReport};
use crate::share::ledger::{RootId, Scope};
use crate::share::scan::RootTrouble;

/// A folder that appeared is looked at again after this: files put in it before the system watched
/// it made no hint.
const SECOND_LOOK: Duration = Duration::from_millis(1_500);

impl Task {
    pub(super) fn start_look(&mut self) {
        self.look_at = None;
        let mut jobs = Vec::new();
        for root in std::mem::take(&mut self.look_all) {
            self.hinted.remove(&root);
            jobs.extend(self.look_job(root, Scope::All));
        }
        for (root, paths) in std::mem::take(&mut self.hinted) {
            let mut last: Option<PathBuf> = None;
            for path in paths {
                // A look at a folder sees what is below it.
                if last.as_ref().is_some_and(|last| path.starts_with(last)) {
                    continue;
                }
                jobs.extend(self.look_job(root, Scope::Below(path.clone())));
                last = Some(path);
            }
        }
        if jobs.is_empty() {
            return;
        }
        self.is_looking = true;
        let crew = Arc::clone(&self.crew);
        let roots = self.ledger.roots().iter();
        let paths: Vec<(RootId, PathBuf)> = roots
            .map(|(id, root)| (*id, root.path.to_path_buf()))
            .collect();
        self.jobs.spawn_blocking(move || {
            let now_secs = unix_secs();
            let look = |job: LookJob| {
                let others = paths.iter().filter(|(id, _)| *id != job.root);
                let others: Vec<PathBuf> = others.map(|(_, path)| path.clone()).collect();
                crew.look(job, &others, now_secs)
            };
            Done::Looked(jobs.into_iter().map(look).collect())
        });
    }

    fn look_job(&self, root: RootId, scope: Scope) -> Option<LookJob> {
        let state = self.ledger.roots().get(&root)?;
        Some(LookJob {
            root,
            folder: Arc::clone(&state.path),
            rules: self.roots.rules(root, self.config.max_file_size),
            is_first: scope == Scope::All && !self.roots.is_seen(root),
            watched: self.roots.watched(root),
            scope,
        })
    }

    pub(super) fn take_looks(&mut self, reports: Vec<LookReport>) {
        let moment = self.moment();
        let mut looks = Vec::new();
        for report in reports {
            let root = report.job.root;
            let folder = &report.job.folder;
            if let Some(watch) = report.watch {
                self.roots.set_watch((root, folder), watch);
            }
            match report.result {
                Ok(look) => {
                    self.roots.set_trouble((root, folder), None);
                    if look.looked.is_folder
                        && let Scope::Below(path) = &look.scope
                    {
                        self.look_again(root, path.clone());
                    }
                    looks.push(look);
                }
                Err(RootTrouble::Gone(reason)) => {
                    self.roots.set_trouble((root, folder), Some(reason));
                    self.ledger.hide_root(root, moment.now);
                }
                Err(RootTrouble::Failed(reason)) => {
                    self.roots.set_trouble((root, folder), Some(reason));
                }
            }
            if report.job.scope == Scope::All {
                self.roots.set_seen(root);
            }
        }
        // A first look at 100,000 known files describes each of them, which takes a while: other
        // tasks of this thread go on elsewhere, where there is an elsewhere.
        let flavor = tokio::runtime::Handle::current().runtime_flavor();
        if matches!(flavor, tokio::runtime::RuntimeFlavor::MultiThread) {
            tokio::task::block_in_place(|| self.ledger.take_looks(looks, moment));
        } else {
            self.ledger.take_looks(looks, moment);
        }
        self.save_soon();
    }

    /// A look at a folder that turned up is made once more.
    fn look_again(&mut self, root: RootId, path: PathBuf) {
        let is_second = self.roots.take_second_look(root, &path);
        if !is_second {
            self.roots.note_second_look(root, path.clone());
            let mut at = Instant::now() + SECOND_LOOK;
            while self.second_looks.contains_key(&at) {
                at += Duration::from_nanos(1);
            }
            self.second_looks.insert(at, (root, path));
        }
    }
}
