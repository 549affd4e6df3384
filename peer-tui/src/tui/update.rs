//! The only writer of the model: (model, message, time) to a changed model and effects. Pure.

mod act;
mod chords;
mod copy;
mod limits;
mod link;
mod menus;
mod moving;
mod network;
mod popups;
mod prompt;
mod run;
mod server;
mod transfers;
mod watch;

use jiff::{SignedDuration, Timestamp};

use super::effect::Effect;
use super::input::Key;
use super::keymap::{Command, Edit};
use super::message::Message;
use super::model::Model;
use super::model::line::Line;

pub(crate) use chords::{
    COPIES, ORDERS, limits, peer_sort_name, search_sort_name, sorts, transfer_sort_name,
};
pub(crate) use menus::{LOG_LEVEL_NAMES, PEER_FILTERS, TRANSFER_FILTER_NAMES};
pub(crate) use prompt::HISTORY_MAX_COUNT;
pub(crate) use transfers::TRANSFER_FILTERS;

/// The pane turns to another row when the cursor has rested on it for so long: a cursor that runs
/// down the list asks for nothing.
const DETAIL_REST: SignedDuration = SignedDuration::from_millis(80);

/// What is handed from function to function while one message is handled.
pub(crate) struct Turn<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) effects: Vec<Effect>,
}

/// Takes `message` in at `now`; what it wants from the world comes back.
pub fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    let mut turn = Turn {
        model,
        effects: Vec::new(),
    };
    match message {
        Message::Key(key) => turn.key(key),
        Message::Paste(text) => turn.paste(&text),
        Message::Resized(width, height) => turn.model.size = (width, height),
        Message::Server(message) => turn.server(*message),
        Message::LinkLost => turn.link_lost(),
        Message::LinkUp => turn.link_up(),
        Message::LinkFailed(reason) => turn.link_failed(reason),
        Message::Tick => turn.tick(),
    }
    turn.finish()
}

impl Turn<'_> {
    fn key(&mut self, key: Key) {
        self.model.toasts.see();
        if self.model.popup.is_some() && self.popup_key(key) {
            return;
        }
        if let Some(line) = self.filter_line() {
            return self.filter_key(line, key);
        }
        let context = self.model.context();
        if let Some(command) = self.model.keymap.command(context, key) {
            return self.run(command);
        }
        if let Some(character) = key.typed()
            && self.model.search.is_typing()
            && context.meets(super::keymap::Context::PROMPT)
        {
            self.run(Command::Edit(Edit::Insert(character)));
        }
    }

    /// Pasted text goes into the line that takes text now, or nowhere: it never is a command.
    fn paste(&mut self, text: &str) {
        if self.model.popup.is_some() {
            return self.popup_paste(text);
        }
        if self.filter_line().is_some() {
            if let Some(line) = self.filter_line_mut()
                && line.paste(text)
            {
                self.filter_changed();
            }
            return;
        }
        if self.model.context().meets(super::keymap::Context::PROMPT)
            && self.model.search.prompt.paste(text)
        {
            self.query_changed();
        }
    }

    fn tick(&mut self) {
        let now = self.model.now;
        self.model.toasts.expire(now);
        self.retry_if_due();
        if self.model.search.detail_due.is_some_and(|due| due <= now) {
            self.model.search.detail_due = None;
            self.turn_pane();
        }
    }

    /// What follows from any change: sizes of lists, the row that the pane shows, the watch.
    fn finish(mut self) -> Vec<Effect> {
        self.fit_lists();
        self.note_pane_row();
        if let Some(watch) = watch::changed(self.model) {
            self.effects.push(Effect::Send(Box::new(watch)));
        }
        self.effects
    }

    fn fit_lists(&mut self) {
        let layout = self.model.layout();
        let lines = layout.list_lines();
        self.model.search.list.set_height(lines);
        self.model.dock.set_height(layout.dock_rows());
        self.model.transfers.list.set_height(lines);
        self.model.shares.list.set_height(lines);
        self.model.peers.list.set_height(lines);
        self.model.log.list.set_height(lines);
        if let Some(browse) = &mut self.model.browse {
            browse.list.set_height(lines);
        }
        if let Some(details) = &mut self.model.details {
            details.sources.set_height(lines);
        }
    }

    fn note_pane_row(&mut self) {
        let is_shown = self.model.layout().pane.height > 0;
        let wanted = match self.model.body() {
            super::layout::Body::Search if is_shown => {
                self.model.search.list.selected().map(|row| row.hash)
            }
            _ => return,
        };
        let search = &mut self.model.search;
        if wanted == search.detail {
            search.detail_due = None;
        } else if search.detail.is_none() {
            search.detail = wanted;
            search.content = None;
        } else if search.detail_due.is_none() {
            search.detail_due = Some(self.model.now + DETAIL_REST);
        }
    }

    fn turn_pane(&mut self) {
        let search = &mut self.model.search;
        let wanted = search.list.selected().map(|row| row.hash);
        if wanted != search.detail {
            search.detail = wanted;
            search.content = None;
        }
    }

    /// The line that a list is being filtered by, while keys go to it.
    fn filter_line_mut(&mut self) -> Option<&mut Line> {
        use super::layout::Body;
        let filter = match self.model.body() {
            Body::Transfers => &mut self.model.transfers.text,
            Body::Shares => &mut self.model.shares.text,
            Body::Peers => &mut self.model.peers.text,
            Body::Log => &mut self.model.log.text,
            _ => return None,
        };
        filter.is_typing.then_some(&mut filter.line)
    }
}
