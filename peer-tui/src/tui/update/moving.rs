//! Moving: rows, marks, panes, tabs, folders.

use super::Turn;
use crate::daemon::state::{BrowseRow, ShareKind, TransferRow};
use crate::tui::keymap::{Command, Tab};
use crate::tui::layout::Body;
use crate::tui::model::list::{Identified, List};
use crate::tui::model::tabs::SearchFocus;

impl Turn<'_> {
    pub(super) fn move_or_mark(&mut self, command: Command) {
        match command {
            Command::Tab(tab) => self.show_tab(tab),
            Command::NextTab => self.beside(1),
            Command::PreviousTab => self.beside(-1),
            Command::NextPane | Command::PreviousPane => self.next_pane(),
            Command::Up if self.is_in_empty_prompt() && self.model.search.list.cursor() == 0 => {
                self.earlier_search();
            }
            Command::Merge => self.model.search.list.merge(),
            Command::Follow => {
                self.model.log.is_following = true;
                self.model.log.list.move_to(usize::MAX);
            }
            _ => {
                let is_in_dock = self.model.search.is_in_dock();
                let is_log = self.model.body() == Body::Log;
                match self.model.body() {
                    Body::Search if is_in_dock => step(&mut self.model.dock, command),
                    Body::Search => step(&mut self.model.search.list, command),
                    Body::Transfers => step(&mut self.model.transfers.list, command),
                    Body::Shares => step(&mut self.model.shares.list, command),
                    Body::Peers => step(&mut self.model.peers.list, command),
                    Body::Log => step(&mut self.model.log.list, command),
                    Body::Details => {
                        let details = self.model.details.as_mut();
                        if let Some(details) = details.filter(|details| !details.is_on_pieces) {
                            step(&mut details.sources, command);
                        }
                    }
                    Body::Browse => {
                        if let Some(browse) = &mut self.model.browse {
                            step(&mut browse.list, command);
                        }
                    }
                }
                if is_log {
                    self.model.log.is_following = false;
                }
            }
        }
    }

    fn is_in_empty_prompt(&self) -> bool {
        let search = &self.model.search;
        let is_history = search.history_at.is_some();
        self.model.body() == Body::Search
            && search.is_typing()
            && (search.prompt.is_empty() || is_history)
    }

    pub(super) fn show_tab(&mut self, tab: Tab) {
        self.model.tab = tab;
        self.model.search.leave_dock();
    }

    /// To the tab beside this one; in details to the transfer beside.
    fn beside(&mut self, step: isize) {
        if self.model.body() == Body::Details {
            return self.transfer_beside(step);
        }
        let count = Tab::ALL.len();
        let next = (self.model.tab.index() + count).saturating_add_signed(step) % count;
        self.show_tab(Tab::ALL[next]);
    }

    fn next_pane(&mut self) {
        if let Some(details) = &mut self.model.details
            && self.model.tab == Tab::Transfers
        {
            details.is_on_pieces = !details.is_on_pieces;
            return;
        }
        if self.model.body() == Body::Search {
            let has_dock = self.model.dock.total() > 0 && self.model.layout().dock_rows() > 0;
            let search = &mut self.model.search;
            search.focus = if has_dock && !search.is_in_dock() {
                SearchFocus::Dock
            } else {
                SearchFocus::List
            };
        }
    }

    /// Enter where it opens something.
    pub(super) fn enter(&mut self) {
        match self.model.body() {
            Body::Shares => self.toggle_share(None),
            Body::Log => self.follow_log_line(),
            Body::Browse => {
                let folder = self.model.browse.as_ref().and_then(|browse| {
                    match (browse.list.mark_count(), browse.list.selected()) {
                        (0, Some(BrowseRow::Folder { path, .. })) => Some(path.clone()),
                        _ => None,
                    }
                });
                match folder {
                    Some(path) => self.show_folder(path, None),
                    None => self.download(),
                }
            }
            _ => {}
        }
    }

    pub(super) fn open(&mut self) {
        match self.model.body() {
            Body::Shares => self.toggle_share(Some(true)),
            Body::Transfers => self.filter_beside(1),
            Body::Browse => {
                let browse = self.model.browse.as_ref();
                let selected = browse.and_then(|browse| browse.list.selected());
                if let Some(BrowseRow::Folder { path, .. }) = selected {
                    let path = path.clone();
                    self.show_folder(path, None);
                }
            }
            _ => {}
        }
    }

    pub(super) fn close(&mut self) {
        match self.model.body() {
            Body::Shares => self.toggle_share(Some(false)),
            Body::Transfers => self.filter_beside(-1),
            Body::Browse => {
                self.folder_up();
            }
            _ => {}
        }
    }

    /// Opens or closes the folder under the cursor; on a file, closing goes to its folder.
    fn toggle_share(&mut self, wanted: Option<bool>) {
        let tab = &mut self.model.shares;
        let Some(row) = tab.list.selected() else {
            return;
        };
        let key = row.key.clone();
        let is_open = tab.open.contains(&key);
        let is_folder = row.kind != ShareKind::File;
        if wanted == Some(false) && !(is_folder && is_open) {
            let depth = row.depth;
            let above = (0..tab.list.cursor()).rev().find(|at| {
                let row = tab.list.row(*at);
                row.is_some_and(|row| row.depth < depth)
            });
            if let Some(above) = above {
                tab.list.move_to(above);
            }
        } else if is_folder && wanted.unwrap_or(!is_open) {
            tab.open.insert(key);
        } else if is_folder {
            tab.open.remove(&key);
        }
    }

    pub(super) fn show_folder(&mut self, folder: String, land_on: Option<(bool, String)>) {
        if let Some(browse) = &mut self.model.browse {
            browse.folder = folder;
            browse.list.clear();
            browse.is_loading = true;
            browse.trouble = None;
            browse.land_on = land_on;
        }
    }

    /// To the folder above; whether there was one.
    pub(super) fn folder_up(&mut self) -> bool {
        let Some(browse) = &self.model.browse else {
            return false;
        };
        if browse.folder.is_empty() {
            return false;
        }
        let folder = browse.folder.clone();
        let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
        self.show_folder(above.to_owned(), Some((true, folder.clone())));
        true
    }

    /// The log names things by their words only: to the tab that they are about, and there to the
    /// transfer that is named, where it is at hand.
    fn follow_log_line(&mut self) {
        let Some(row) = self.model.log.list.selected() else {
            return;
        };
        let text = row.text.to_lowercase();
        let words: [(&[&str], Tab); 3] = [
            (
                &["download", "queued", "source", "upload", "finished"],
                Tab::Transfers,
            ),
            (&["share", "hash", "folder"], Tab::Shares),
            (&["peer", "block"], Tab::Peers),
        ];
        let found = words
            .iter()
            .find(|(words, _)| words.iter().any(|word| text.contains(word)));
        match found {
            Some((_, tab)) => {
                let transfers = &mut self.model.transfers.list;
                let named = transfers.rows().iter().find(|row| names(&text, row));
                if let Some(key) = named.map(Identified::key) {
                    transfers.select(&key);
                }
                self.show_tab(*tab);
            }
            None => self.note("this line is about nothing that has a tab"),
        }
    }
}

/// Whether a line of the log, in small letters, ends in the name of a transfer.
fn names(line: &str, row: &TransferRow) -> bool {
    let name = match row {
        TransferRow::Down(status) => &status.name,
        TransferRow::Up { name, .. } => name,
    };
    !name.is_empty() && line.ends_with(&name.to_lowercase())
}

fn step<R: Identified>(list: &mut List<R>, command: Command) {
    let page = isize::try_from(list.height()).unwrap_or(isize::MAX);
    match command {
        Command::Up => list.move_by(-1),
        Command::Down => list.move_by(1),
        Command::PageUp => list.move_by(-page),
        Command::PageDown => list.move_by(page),
        Command::HalfPageUp => list.move_by(-(page / 2).max(1)),
        Command::HalfPageDown => list.move_by((page / 2).max(1)),
        Command::First => list.move_to(0),
        Command::Last => list.move_to(usize::MAX),
        Command::Mark | Command::MarkDown => {
            list.toggle_mark();
            list.move_by(1);
        }
        Command::MarkUp => {
            list.toggle_mark();
            list.move_by(-1);
        }
        Command::MarkRange => list.toggle_range(),
        Command::InvertMarks => list.invert_marks(),
        _ => {}
    }
}
