//! Typing: the search prompt with its history, and the filter lines of the lists.

use super::{Edit, Key, Turn};
use crate::daemon::command::{PeerFilter, TransferFilter};
use crate::tui::effect::Effect;
use crate::tui::input::Code;
use crate::tui::keymap::{Command, Context};
use crate::tui::layout::Body;
use crate::tui::model::tabs::Coming;

/// Earlier searches that are remembered.
pub(crate) const HISTORY_MAX_COUNT: usize = 100;

impl Turn<'_> {
    pub(super) fn edit_prompt(&mut self, edit: Edit) {
        self.model.search.history_at = None;
        if self.model.search.prompt.edit(edit) {
            self.query_changed();
        }
    }

    /// Asks anew at once; what was shown stays until the answer comes.
    pub(super) fn query_changed(&mut self) {
        let search = &mut self.model.search;
        search.generation += 1;
        search.is_enter_waiting = false;
        search.coming = Coming::Anew;
        search.list.restart();
    }

    /// Asks for the same in another order: the cursor stays on its row.
    pub(super) fn order_changed(&mut self) {
        let search = &mut self.model.search;
        search.generation += 1;
        search.is_enter_waiting = false;
        search.coming = Coming::Reordered;
        search.list.drop_range();
    }

    /// Remembers the query of a search that led to something.
    pub(super) fn remember_query(&mut self) {
        let search = &mut self.model.search;
        let query = search.prompt.text().trim().to_owned();
        if query.is_empty() {
            return;
        }
        search.history.retain(|earlier| *earlier != query);
        search.history.push(query);
        if search.history.len() > HISTORY_MAX_COUNT {
            search.history.remove(0);
        }
        let searches = search.history.clone();
        self.effects.push(Effect::SaveSearches(searches));
    }

    pub(super) fn earlier_search(&mut self) {
        let search = &mut self.model.search;
        let at = match search.history_at {
            None => search.history.len().checked_sub(1),
            Some(at) => Some(at.saturating_sub(1)),
        };
        let Some(at) = at.filter(|at| *at < search.history.len()) else {
            return;
        };
        let query = search.history[at].clone();
        search.prompt.set(&query);
        self.query_changed();
        self.model.search.history_at = Some(at);
    }

    // Filter lines

    /// Which list is being filtered, while keys go to its line.
    pub(super) fn filter_line(&self) -> Option<Body> {
        let body = self.model.body();
        let is_typing = match body {
            Body::Transfers => self.model.transfers.text.is_typing,
            Body::Shares => self.model.shares.text.is_typing,
            Body::Peers => self.model.peers.text.is_typing,
            Body::Log => self.model.log.text.is_typing,
            _ => false,
        };
        is_typing.then_some(body)
    }

    pub(super) fn filter_key(&mut self, body: Body, key: Key) {
        match key.code {
            Code::Enter => return self.stop_typing(body),
            Code::Esc => {
                self.stop_typing(body);
                self.clear_filter();
                return;
            }
            _ => {}
        }
        let command = self.model.keymap.command(Context::PROMPT, key);
        let edit = match (command, key.typed()) {
            (Some(Command::Edit(edit)), _) => edit,
            (Some(command @ (Command::Up | Command::Down)), _) => {
                return self.move_or_mark(command);
            }
            (Some(command @ (Command::PageUp | Command::PageDown)), _) => {
                return self.move_or_mark(command);
            }
            (
                Some(
                    command @ (Command::Tab(_)
                    | Command::Leave
                    | Command::Repaint
                    | Command::Suspend
                    | Command::Help
                    | Command::Palette),
                ),
                None,
            ) => return self.run(command),
            (_, Some(character)) => Edit::Insert(character),
            _ => return,
        };
        if let Some(line) = self.filter_line_mut()
            && line.edit(edit)
        {
            self.filter_changed();
        }
    }

    fn stop_typing(&mut self, body: Body) {
        match body {
            Body::Transfers => self.model.transfers.text.is_typing = false,
            Body::Shares => self.model.shares.text.is_typing = false,
            Body::Peers => self.model.peers.text.is_typing = false,
            Body::Log => self.model.log.text.is_typing = false,
            _ => {}
        }
    }

    /// The list under the filter is another one from now on.
    pub(super) fn filter_changed(&mut self) {
        match self.model.body() {
            Body::Transfers => self.model.transfers.list.restart(),
            Body::Shares => self.model.shares.list.restart(),
            Body::Peers => self.model.peers.list.restart(),
            Body::Log => self.model.log.list.restart(),
            _ => {}
        }
    }

    /// Kind and size no longer matter for the search; whether they did.
    pub(super) fn clear_search_filter(&mut self) -> bool {
        let search = &mut self.model.search;
        let category = search.category.take().is_some();
        let sizes = (search.min_size.take(), search.max_size.take());
        let has_changed = category || sizes != (None, None);
        if has_changed {
            self.query_changed();
        }
        has_changed
    }

    /// Shows the whole list again; whether it was not shown whole.
    pub(super) fn clear_filter(&mut self) -> bool {
        let model = &mut *self.model;
        if model.is_zoomed {
            model.is_zoomed = false;
            return true;
        }
        let text = match model.body() {
            Body::Transfers => &mut model.transfers.text,
            Body::Shares => &mut model.shares.text,
            Body::Peers => &mut model.peers.text,
            Body::Log => &mut model.log.text,
            _ => return false,
        };
        let has_changed = if text.line.is_empty() {
            match model.body() {
                Body::Transfers => {
                    let filter = std::mem::take(&mut model.transfers.filter);
                    filter != TransferFilter::All
                }
                Body::Peers => std::mem::take(&mut model.peers.filter) != PeerFilter::default(),
                Body::Log => std::mem::take(&mut model.log.level) != 0,
                _ => false,
            }
        } else {
            text.line.set("");
            true
        };
        if has_changed {
            self.filter_changed();
        }
        has_changed
    }
}
