//! A command to the function that carries it out.

use super::Turn;
use crate::tui::connection::Exit;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Command, Context, Edit};
use crate::tui::layout::Body;
use crate::tui::model::line::Line;
use crate::tui::model::popup::{Chord, Popup};
use crate::tui::model::tabs::SearchFocus;

/// Characters of the line that narrows help and palette.
const FILTER_MAX_CHARS: usize = 64;

impl Turn<'_> {
    /// Carries `command` out on what the screen shows.
    pub(super) fn run(&mut self, command: Command) {
        match command {
            Command::Up
            | Command::Down
            | Command::First
            | Command::Last
            | Command::HalfPageUp
            | Command::HalfPageDown
            | Command::PageUp
            | Command::PageDown
            | Command::NextPane
            | Command::PreviousPane
            | Command::Tab(_)
            | Command::NextTab
            | Command::PreviousTab
            | Command::Follow
            | Command::MarkDown
            | Command::MarkUp
            | Command::Mark
            | Command::MarkRange
            | Command::InvertMarks
            | Command::Merge => self.move_or_mark(command),
            Command::Close => self.close(),
            Command::Open => self.open(),
            Command::Enter => self.enter(),
            Command::Back => self.back(),
            Command::Edit(edit) => self.edit_query(edit),
            Command::Find => self.find(),
            Command::Download => self.download(),
            Command::DownloadFolder => self.download_folder(),
            Command::Browse => self.browse_peer(),
            Command::Block => self.block(),
            Command::Connect => self.ask_connect(),
            Command::AddShare => self.ask_share(),
            Command::Details => self.details(),
            Command::Pause
            | Command::RaisePriority
            | Command::LowerPriority
            | Command::MoveTop
            | Command::MoveUp
            | Command::MoveDown
            | Command::MoveBottom
            | Command::LimitTransfer
            | Command::MoreSources
            | Command::Retry
            | Command::Remove
            | Command::RemoveForGood => self.change_transfers(command),
            Command::LimitKeys => self.model.popup = Some(Popup::Chord(Chord::Limit)),
            Command::OrderKeys => self.model.popup = Some(Popup::Chord(Chord::Order)),
            Command::CopyKeys => self.model.popup = Some(Popup::Chord(Chord::Copy)),
            Command::SortKeys => self.model.popup = Some(Popup::Chord(Chord::Sort)),
            Command::LimitDown
            | Command::LimitUp
            | Command::LimitFromPeer
            | Command::LimitToPeer
            | Command::LimitsOff => self.limit(command),
            Command::CopyLink
            | Command::CopyHash
            | Command::CopyName
            | Command::CopyPath
            | Command::CopyId
            | Command::CopyAll => self.copy(command),
            Command::Filter => self.open_filter(),
            Command::SortMenu => self.open_sort(),
            Command::Settings => self.open_settings(0),
            Command::Undo => self.undo_last(),
            Command::Palette => {
                self.model.popup = Some(Popup::Palette {
                    filter: Line::new(FILTER_MAX_CHARS),
                    cursor: 0,
                });
            }
            Command::Help => {
                self.model.popup = Some(Popup::Help {
                    filter: Line::new(FILTER_MAX_CHARS),
                    top: 0,
                });
            }
            Command::Zoom => self.model.is_zoomed = !self.model.is_zoomed,
            Command::Repaint => self.effects.push(Effect::Repaint),
            Command::Suspend => self.effects.push(Effect::Suspend),
            Command::Leave => self.effects.push(Effect::Leave(Exit::Detached)),
            Command::StopDaemon => self.ask_stop(),
            Command::Panic => self.effects.push(Effect::Panic),
        }
    }

    fn edit_query(&mut self, edit: Edit) {
        if self.model.context().meets(Context::PROMPT) {
            self.edit_prompt(edit);
        }
    }

    fn find(&mut self) {
        match self.model.body() {
            Body::Search => {
                self.model.search.focus = SearchFocus::Prompt;
            }
            Body::Transfers => self.model.transfers.text.is_typing = true,
            Body::Shares => self.model.shares.text.is_typing = true,
            Body::Peers => self.model.peers.text.is_typing = true,
            Body::Log => self.model.log.text.is_typing = true,
            Body::Details | Body::Browse => self.note("this list has no filter"),
        }
    }

    /// Sends away the pane under the list where it was asked for; whether it was there.
    fn close_pane(&mut self) -> bool {
        let was_asked_for = self.model.details_pane.take_if(|is_shown| *is_shown);
        // In a large window it is there anyway.
        was_asked_for.is_some() && self.model.layout().pane.height == 0
    }

    /// One step back; never out of the program.
    fn back(&mut self) {
        let model = &mut *self.model;
        match model.body() {
            Body::Search if model.search.is_typing() => model.search.focus = SearchFocus::List,
            Body::Search if model.search.is_in_dock() => model.search.leave_dock(),
            Body::Search => {
                let list = &mut model.search.list;
                if list.drop_range() || list.drop_marks() {
                    return;
                }
                if model.is_zoomed {
                    model.is_zoomed = false;
                } else if !self.clear_search_filter()
                    && !self.close_pane()
                    && !self.model.search.prompt.is_empty()
                {
                    self.edit_prompt(Edit::DeleteLine);
                }
            }
            Body::Transfers => {
                let list = &mut model.transfers.list;
                if !(list.drop_range() || list.drop_marks()) {
                    self.clear_filter();
                }
            }
            Body::Details => {
                if let Some(details) = model.details.take() {
                    model.tab = details.from;
                }
            }
            Body::Browse => {
                if let Some(browse) = &mut model.browse
                    && (browse.list.drop_range() || browse.list.drop_marks())
                {
                    return;
                }
                if !self.close_pane()
                    && !self.folder_up()
                    && let Some(browse) = self.model.browse.take()
                {
                    self.model.tab = browse.from;
                }
            }
            Body::Shares | Body::Peers | Body::Log => {
                if !self.clear_filter() {
                    self.close_pane();
                }
            }
        }
    }
}
