//! Downloads: asked for, paused, taken away, looked at closely.

use super::Turn;
use crate::daemon::command::Move;
use crate::daemon::command::{Action, TransferFilter};
use crate::daemon::state::Wish;
use crate::daemon::state::{BrowseRow, LinkState, ResultRow, TransferRow};
use crate::daemon::state::{DownloadId, DownloadState, DownloadStatus};
use crate::tui::format;
use crate::tui::keymap::{Command, Tab};
use crate::tui::layout::Body;
use crate::tui::model::list::List;
use crate::tui::model::popup::{Consent, Dialog, Popup};
use crate::tui::model::tabs::DetailsView;

/// The filters of the transfers, in the order of their line.
pub(crate) const TRANSFER_FILTERS: [TransferFilter; 7] = [
    TransferFilter::All,
    TransferFilter::Downloading,
    TransferFilter::Paused,
    TransferFilter::Queued,
    TransferFilter::Failed,
    TransferFilter::Uploads,
    TransferFilter::Done,
];

fn wish(row: &ResultRow) -> Wish {
    Wish {
        hash: row.hash,
        size_bytes: row.size_bytes,
        path: row.name.clone(),
        save_as: None,
    }
}

/// The names of the first three, for a question.
fn names(downloads: &[&DownloadStatus]) -> Vec<String> {
    let first = downloads.iter().take(3);
    first
        .map(|status| format::cut_middle(&format::clean(&status.name), 50))
        .collect()
}

impl Turn<'_> {
    /// Asks for the marked rows, or the one under the cursor.
    pub(super) fn download(&mut self) {
        match self.model.body() {
            Body::Search => self.download_results(),
            Body::Browse => self.download_browsed(),
            _ => {}
        }
    }

    fn download_results(&mut self) {
        let is_stale = self.model.is_stale();
        let search = &mut self.model.search;
        let is_answered = search.shown_generation == search.generation;
        if !is_answered && search.list.mark_count() == 0 && !is_stale {
            // Typed ahead of the answer: it means the first row of what was typed.
            search.is_enter_waiting = true;
            return;
        }
        let wishes: Vec<Wish> = search.list.targets().iter().map(wish).collect();
        if wishes.is_empty() {
            return self.note("nothing to download here");
        }
        search.list.drop_marks();
        search.list.drop_range();
        self.remember_query();
        self.act(Action::Download { wishes });
    }

    fn download_browsed(&mut self) {
        let Some(browse) = &mut self.model.browse else {
            return;
        };
        let targets = browse.list.targets();
        let peer = browse.peer.to_string();
        browse.list.drop_marks();
        browse.list.drop_range();
        let mut wishes = Vec::new();
        for row in &targets {
            match row {
                BrowseRow::File(row) => wishes.push(wish(row)),
                BrowseRow::Folder { path, .. } => self.act(Action::DownloadFolder {
                    peer: peer.clone(),
                    folder: path.clone(),
                }),
            }
        }
        if !wishes.is_empty() {
            self.act(Action::Download { wishes });
        }
    }

    /// The folder under the cursor, or the one that is shown when a file is under it.
    pub(super) fn download_folder(&mut self) {
        let Some(browse) = &self.model.browse else {
            return;
        };
        let folder = match browse.list.selected() {
            Some(BrowseRow::Folder { path, .. }) => path.clone(),
            _ => browse.folder.clone(),
        };
        let peer = browse.peer.to_string();
        self.act(Action::DownloadFolder { peer, folder });
    }

    /// The transfers that a command means.
    fn targets(&self) -> Vec<TransferRow> {
        match self.model.body() {
            Body::Search => self.model.dock.targets(),
            Body::Transfers => self.model.transfers.list.targets(),
            Body::Details => {
                let detail = self
                    .model
                    .details
                    .as_ref()
                    .and_then(|view| view.detail.as_ref());
                let status = detail.map(|detail| TransferRow::Down(detail.status.clone()));
                status.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn change_transfers(&mut self, command: Command) {
        if command == Command::Retry && self.retry_elsewhere() {
            return;
        }
        if command == Command::Remove && self.model.body() == Body::Shares {
            return self.ask_unshare();
        }
        let targets = self.targets();
        let downloads: Vec<&DownloadStatus> = targets
            .iter()
            .filter_map(|row| match row {
                TransferRow::Down(status) => Some(status),
                TransferRow::Up { .. } => None,
            })
            .collect();
        if downloads.is_empty() {
            let words = if targets.is_empty() {
                "no transfer here"
            } else {
                "an upload ends when the other peer has what it wants"
            };
            return self.note(words);
        }
        let ids_where = |wanted: &dyn Fn(&DownloadState) -> bool| -> Vec<DownloadId> {
            let wanted = downloads.iter().filter(|status| wanted(&status.state));
            wanted.map(|status| status.id).collect()
        };
        let is_over = |state: &DownloadState| {
            matches!(state, DownloadState::Done | DownloadState::Cancelled { .. })
        };
        let open = ids_where(&|state| !is_over(state));
        match command {
            Command::Pause => {
                let running =
                    ids_where(&|state| !is_over(state) && *state != DownloadState::Paused);
                let paused = ids_where(&|state| *state == DownloadState::Paused);
                if running.is_empty() {
                    self.act_on(paused, |ids| Action::Resume { ids });
                } else {
                    self.act_on(running, |ids| Action::Pause { ids });
                }
            }
            Command::RaisePriority => self.act_on(open, |ids| Action::Prioritise { ids, step: 1 }),
            Command::LowerPriority => self.act_on(open, |ids| Action::Prioritise { ids, step: -1 }),
            Command::MoveTop => self.reorder(open, Move::Top),
            Command::MoveUp => self.reorder(open, Move::Up),
            Command::MoveDown => self.reorder(open, Move::Down),
            Command::MoveBottom => self.reorder(open, Move::Bottom),
            Command::LimitTransfer => {
                let mut limits: Vec<_> = downloads.iter().map(|one| one.limit_bytes).collect();
                limits.dedup();
                let limit = limits
                    .first()
                    .copied()
                    .flatten()
                    .filter(|_| limits.len() == 1);
                self.ask_transfer_limit(open, limit);
            }
            Command::MoreSources => self.act_on(open, |ids| Action::MoreSources { ids }),
            Command::Retry => self.act_on(open, |ids| Action::Retry { ids }),
            Command::Remove => {
                let over = ids_where(&is_over);
                if !over.is_empty() || open.is_empty() {
                    self.act_on(over, |ids| Action::Remove { ids });
                }
                if !open.is_empty() {
                    self.act_on(open, |ids| Action::Cancel { ids });
                }
            }
            Command::RemoveForGood => {
                let over = ids_where(&is_over);
                self.ask_remove_for_good(&names(&downloads), open, over);
            }
            _ => {}
        }
    }

    /// Asks for what will happen: a file that is finished is not deleted.
    fn ask_remove_for_good(
        &mut self,
        names: &[String],
        open: Vec<DownloadId>,
        over: Vec<DownloadId>,
    ) {
        let count = |ids: &[DownloadId]| format::counted(ids.len() as u64, "download");
        let mut lines = names.to_vec();
        let (question, yes) = if open.is_empty() {
            lines.push("What was downloaded stays in its folder.".to_owned());
            (format!("Take {} off the list?", count(&over)), "take off")
        } else {
            if !over.is_empty() {
                lines.push(format!("{} ended before: the files stay.", count(&over)));
            }
            let what = count(&open);
            (
                format!("Cancel {what} and delete what has arrived?"),
                "delete",
            )
        };
        self.model.popup = Some(Popup::Dialog(Dialog {
            question,
            lines,
            letter: 'y',
            yes,
            consent: Consent::CancelForGood { open, over },
        }));
    }

    fn act_on(&mut self, ids: Vec<DownloadId>, action: impl Fn(Vec<DownloadId>) -> Action) {
        if ids.is_empty() {
            return self.note("that is not possible for a finished download");
        }
        self.model.transfers.list.drop_marks();
        self.model.transfers.list.drop_range();
        self.act(action(ids));
    }

    /// Marks stay, so that the same rows move again with the next key.
    fn reorder(&mut self, ids: Vec<DownloadId>, to: Move) {
        if ids.is_empty() {
            return self.note("a finished download has no place in the queue");
        }
        self.act(Action::Reorder { ids, to });
    }

    /// `r` where it means something else than a transfer.
    fn retry_elsewhere(&mut self) -> bool {
        if self.retry_link_now() {
            return true;
        }
        let is_index_lost = self
            .model
            .header
            .as_ref()
            .is_some_and(|header| matches!(header.link, LinkState::Lost { .. }));
        match self.model.body() {
            Body::Shares => self.act(Action::RescanShares),
            Body::Transfers | Body::Details if !is_index_lost => return false,
            Body::Search if self.model.search.is_in_dock() => return false,
            _ if is_index_lost => self.act(Action::Reconnect),
            _ => self.note("nothing to try again here"),
        }
        true
    }

    // One transfer closely

    /// Pieces and sources of a transfer; elsewhere the pane under the list.
    pub(super) fn details(&mut self) {
        match self.model.body() {
            Body::Details => {
                if let Some(details) = self.model.details.take() {
                    self.model.tab = details.from;
                }
            }
            Body::Search if !self.model.search.is_in_dock() => self.toggle_pane(),
            Body::Peers | Body::Browse | Body::Log => self.toggle_pane(),
            _ => match self.selected_transfer() {
                Some(TransferRow::Down(status)) => {
                    let id = status.id;
                    self.open_details(id);
                }
                Some(TransferRow::Up { client, .. }) => {
                    let words = format!("goes to {}", format::clean(client));
                    self.note(words);
                }
                None => self.note("no transfer here"),
            },
        }
    }

    fn toggle_pane(&mut self) {
        let is_shown = self.model.layout().pane.height > 0;
        self.model.details_pane = Some(!is_shown);
        self.model.is_zoomed &= is_shown;
    }

    fn selected_transfer(&self) -> Option<&TransferRow> {
        match self.model.body() {
            Body::Search => self.model.dock.selected(),
            Body::Transfers => self.model.transfers.list.selected(),
            _ => None,
        }
    }

    fn open_details(&mut self, id: DownloadId) {
        self.model.details = Some(DetailsView {
            id,
            detail: None,
            sources: List::default(),
            is_on_pieces: false,
            from: self.model.tab,
        });
        self.model.tab = Tab::Transfers;
        self.model.search.leave_dock();
    }

    /// The download before or after the one that is looked at.
    pub(super) fn transfer_beside(&mut self, step: isize) {
        let Some(view) = &self.model.details else {
            return;
        };
        let rows = if view.from == Tab::Search {
            self.model.dock.rows()
        } else {
            self.model.transfers.list.rows()
        };
        let ids: Vec<DownloadId> = rows
            .iter()
            .filter_map(|row| match row {
                TransferRow::Down(status) => Some(status.id),
                TransferRow::Up { .. } => None,
            })
            .collect();
        let (from, is_on_pieces) = (view.from, view.is_on_pieces);
        let at = ids.iter().position(|id| *id == view.id);
        let next = at.and_then(|at| at.checked_add_signed(step));
        match next.and_then(|next| ids.get(next)).copied() {
            Some(id) => {
                self.open_details(id);
                if let Some(view) = &mut self.model.details {
                    (view.from, view.is_on_pieces) = (from, is_on_pieces);
                }
            }
            None => self.note("there is no further transfer"),
        }
    }

    pub(super) fn filter_beside(&mut self, step: isize) {
        let tab = &mut self.model.transfers;
        let at = TRANSFER_FILTERS
            .iter()
            .position(|filter| *filter == tab.filter)
            .unwrap_or(0);
        let next = at
            .saturating_add_signed(step)
            .min(TRANSFER_FILTERS.len() - 1);
        if TRANSFER_FILTERS[next] != tab.filter {
            tab.filter = TRANSFER_FILTERS[next];
            self.filter_changed();
        }
    }
}
