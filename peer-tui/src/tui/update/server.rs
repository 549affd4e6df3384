//! What the daemon says, taken into the model.

use super::Turn;
use crate::daemon::state::DownloadDetail;
use crate::daemon::state::{
    Browse, Dock, DownloadId, FailureKind, Log, Peers, Reply, Results, ServerMessage, ShareKind,
    Shares, Stuck, TransferRow, Transfers, Update,
};
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::Body;
use crate::tui::model::Pending;
use crate::tui::model::list::{List, Page};
use crate::tui::model::tabs::Coming;
use crate::tui::model::toast::{Back, Level};
use crate::tui::words;

impl Turn<'_> {
    pub(super) fn server(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Welcome { .. } => {}
            ServerMessage::Update(update) => self.sections(*update),
            ServerMessage::Reply { number, result } => {
                let pending = self.model.pending.remove(&number);
                let now = self.model.now;
                match result {
                    Ok(reply) => self.reply(reply, pending),
                    Err(failure) => {
                        let is_late =
                            pending == Some(Pending::Undo) && failure.kind == FailureKind::NotFound;
                        let words = if is_late {
                            "too late to undo that: what it was about is gone by now".to_owned()
                        } else {
                            format::clean(&failure.message)
                        };
                        self.model.toasts.push_logged(Level::Error, words, now);
                    }
                }
            }
            ServerMessage::Goodbye { reason } => self.model.goodbye = format::clean(&reason),
        }
    }

    fn reply(&mut self, reply: Reply, pending: Option<Pending>) {
        let Reply::Done { note, undo, .. } = reply else {
            return;
        };
        let mut words = format::clean(&note);
        if pending == Some(Pending::Final) {
            self.model.undo.push(Back::Never);
        }
        let undo = undo.filter(|_| pending == Some(Pending::Change));
        if let Some(action) = undo {
            self.model.undo.push(Back::By(*action));
            let context = crate::tui::keymap::Context::RESULTS;
            if let Some(hint) = self.model.hint_in(context, Command::Undo, "undo") {
                words = format!("{words} — {hint}");
            }
        }
        if !words.is_empty() {
            let now = self.model.now;
            self.model.toasts.push_logged(Level::Ok, words, now);
        }
    }

    fn sections(&mut self, update: Update) {
        if let Some(mut header) = update.header {
            let (down, up) = &mut self.model.header_rates;
            header.down_rate = down.take(header.down_rate);
            header.up_rate = up.take(header.up_rate);
            self.model.header = Some(header);
        }
        if let Some(dock) = update.dock {
            self.dock(dock);
        }
        if let Some(results) = update.results {
            self.results(results);
        }
        if let Some(transfers) = update.transfers {
            self.transfers(transfers);
        }
        if let Some(stuck) = update.stuck {
            self.stuck(&stuck);
        }
        if let Some(detail) = update.transfer {
            self.detail(detail);
        }
        if let Some(shares) = update.shares {
            self.shares(shares);
        }
        if let Some(peers) = update.peers {
            self.peers(peers);
        }
        if let Some(log) = update.log {
            self.log(log);
        }
        if let Some(browse) = update.browse {
            self.browse(browse);
        }
        if let Some(latencies) = update.latencies {
            self.model.latencies = latencies;
        }
        if let Some(content) = update.content
            && self.model.search.detail == Some(content.hash)
        {
            self.model.search.content = Some(content);
        }
    }

    fn results(&mut self, results: Results) {
        let search = &mut self.model.search;
        if results.generation != search.generation {
            return;
        }
        let is_known = search.shown_generation == search.generation && search.list.total() > 0;
        if results.trouble.is_some() && results.rows.is_empty() && is_known {
            // What stood there is old and not wrong.
            search.trouble = results.trouble.as_deref().map(format::clean);
            return;
        }
        search.matches = results.total;
        search.total_is_exact = results.total_is_exact;
        search.corrected = results.corrected.as_deref().map(format::clean);
        search.is_cut = results.is_cut;
        search.took_us = results.took_us;
        search.trouble = results.trouble.as_deref().map(format::clean);
        let page = Page {
            first: results.first,
            rows: results.rows,
            total: usize::try_from(results.total).unwrap_or(usize::MAX),
        };
        if search.shown_generation == results.generation {
            search.list.hold(page);
        } else {
            search.shown_generation = results.generation;
            match std::mem::take(&mut search.coming) {
                Coming::Reordered => search.list.reorder(page),
                Coming::Anew => {
                    search.list.restart();
                    search.list.follow(page);
                }
            }
        }
        if std::mem::take(&mut search.is_enter_waiting) {
            self.run(Command::Download);
        }
    }

    fn dock(&mut self, mut new: Dock) {
        let model = &mut *self.model;
        let is_focused = model.search.is_in_dock();
        model
            .dock_calm
            .settle(&mut new.rows, &model.dock, is_focused, model.now);
        model.dock.follow(whole(new.rows));
        model.dock_counts = new.counts;
    }

    fn transfers(&mut self, mut new: Transfers) {
        let tab = &mut self.model.transfers;
        tab.calm
            .settle(&mut new.rows, &tab.list, true, self.model.now);
        tab.list.follow(Page {
            first: new.first,
            rows: new.rows,
            total: new.total,
        });
        tab.counts = new.counts;
        if let Some(speed) = new.speed {
            tab.speed = speed;
        }
        tab.disk_free_bytes = new.disk_free_bytes;
        tab.slots = new.slots;
    }

    /// A download got stuck: its row says so; where that is not seen, a toast does.
    fn stuck(&mut self, stuck: &Stuck) {
        if stuck.others > 0 || !self.sees(stuck.id) {
            let words = words::stuck(stuck, self.model);
            self.fail(words);
        }
    }

    /// Whether the screen shows how this download stands.
    fn sees(&self, id: DownloadId) -> bool {
        let is_it = |row: &TransferRow| matches!(row, TransferRow::Down(status) if status.id == id);
        let has = |list: &List<TransferRow>| list.visible().any(|(_, row)| row.is_some_and(is_it));
        match self.model.body() {
            Body::Search => self.model.layout().dock_rows() > 0 && has(&self.model.dock),
            Body::Transfers => has(&self.model.transfers.list),
            Body::Details => self
                .model
                .details
                .as_ref()
                .is_some_and(|view| view.id == id),
            _ => false,
        }
    }

    fn detail(&mut self, detail: Box<DownloadDetail>) {
        if let Some(view) = &mut self.model.details
            && view.id == detail.status.id
        {
            view.sources.follow(whole(detail.sources.clone()));
            if view.sources.total() > 0 {
                // Keys act on the source under the cursor: it must not become another one.
                view.sources.hold_cursor();
            }
            view.detail = Some(detail);
        }
    }

    fn shares(&mut self, mut new: Shares) {
        let tab = &mut self.model.shares;
        if !tab.is_opened && new.total > 0 {
            tab.is_opened = true;
            let roots = new.rows.iter().filter(|row| row.kind == ShareKind::Root);
            tab.open.extend(roots.map(|row| row.key.clone()));
        }
        tab.list.follow(Page {
            first: new.first,
            rows: std::mem::take(&mut new.rows),
            total: new.total,
        });
        tab.figures = Some(new);
    }

    fn peers(&mut self, mut new: Peers) {
        let tab = &mut self.model.peers;
        tab.list.follow(Page {
            first: new.first,
            rows: std::mem::take(&mut new.rows),
            total: new.total,
        });
        tab.figures = Some(new);
    }

    fn log(&mut self, new: Log) {
        let tab = &mut self.model.log;
        tab.list.follow(Page {
            first: new.first,
            rows: new.rows,
            total: new.total,
        });
        if tab.is_following {
            tab.list.move_to(usize::MAX);
        }
    }

    fn browse(&mut self, new: Browse) {
        let Some(tab) = &mut self.model.browse else {
            return;
        };
        if tab.peer != new.peer || tab.folder != new.folder {
            return;
        }
        tab.peer_name = new.peer_name;
        tab.is_loading = new.is_loading;
        tab.trouble = new.trouble.as_deref().map(format::clean);
        tab.list.follow(Page {
            first: new.first,
            rows: new.rows,
            total: new.total,
        });
        if let Some(key) = tab.land_on.take_if(|_| tab.list.total() > 0) {
            tab.list.select(&key);
        }
    }
}

fn whole<R>(rows: Vec<R>) -> Page<R> {
    Page {
        first: 0,
        total: rows.len(),
        rows,
    }
}
