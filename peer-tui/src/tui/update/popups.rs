//! Keys while something lies over the screen.

use protocol::byte_size::parse_bytes;
use protocol::category::Category;

use super::Turn;
use crate::tui::input::{Code, Key};
use crate::tui::keymap::{Command, Context, Edit, Tab};
use crate::tui::model::line::Line;
use crate::tui::model::popup::{Popup, SearchFilterForm};
use crate::tui::model::tabs::SearchFocus;
use crate::tui::palette::{self, Elsewhere, Entry};

impl Turn<'_> {
    /// Hands a key to what lies over the screen; false when it is meant for everything.
    pub(super) fn popup_key(&mut self, key: Key) -> bool {
        let everywhere = self.model.keymap.command(Context::EVERYWHERE, key);
        if let (Some(command @ (Command::Repaint | Command::Suspend)), true) =
            (everywhere, key.ctrl)
        {
            self.run(command);
            return true;
        }
        if everywhere == Some(Command::Leave) && key.ctrl {
            return false;
        }
        let Some(popup) = self.model.popup.take() else {
            return false;
        };
        if key == Key::plain(Code::Esc) {
            return true;
        }
        match popup {
            Popup::Help { filter, top } => self.help_key(filter, top, key),
            Popup::Palette { filter, cursor } => self.palette_key(filter, cursor, key),
            Popup::Menu(mut menu) => {
                let last = menu.items.len().saturating_sub(1);
                match key.code {
                    Code::Up | Code::Char('k') => menu.cursor = menu.cursor.saturating_sub(1),
                    Code::Down | Code::Char('j') => menu.cursor = (menu.cursor + 1).min(last),
                    Code::Enter | Code::Char(' ') | Code::Right => {
                        let choice = menu.items.get(menu.cursor).map(|(_, choice)| *choice);
                        if let Some(choice) = choice {
                            self.choose(choice, menu.cursor);
                        }
                        return true;
                    }
                    Code::Char(letter) => {
                        let start = format!("{letter}  ");
                        let found = menu.items.iter().find(|(text, _)| text.starts_with(&start));
                        if let Some((_, choice)) = found {
                            self.choose(*choice, menu.cursor);
                            return true;
                        }
                    }
                    _ => {}
                }
                self.model.popup = Some(Popup::Menu(menu));
            }
            Popup::SearchFilter(form) => self.filter_form_key(form, key),
            Popup::Ask {
                ask,
                mut line,
                trouble,
            } => {
                if key.code == Code::Enter {
                    let text = line.text().to_owned();
                    if let Err(words) = self.answer(&ask, &text) {
                        self.model.popup = Some(Popup::Ask {
                            ask,
                            line,
                            trouble: Some(words),
                        });
                    }
                    return true;
                }
                let has_changed = self.edit_line(&mut line, key);
                let trouble = trouble.filter(|_| !has_changed);
                self.model.popup = Some(Popup::Ask { ask, line, trouble });
            }
            Popup::Dialog(dialog) => {
                if key.typed() == Some(dialog.letter) {
                    self.consent(dialog.consent);
                } else if key.code != Code::Enter && key.typed() != Some('n') {
                    // Anything else was not an answer.
                    self.model.popup = Some(Popup::Dialog(dialog));
                }
            }
            Popup::Chord(chord) => self.chord_key(chord, key),
        }
        true
    }

    pub(super) fn popup_paste(&mut self, text: &str) {
        match &mut self.model.popup {
            Some(
                Popup::Ask { line, .. }
                | Popup::Help { filter: line, .. }
                | Popup::Palette { filter: line, .. },
            ) => {
                line.paste(text);
            }
            Some(Popup::SearchFilter(form)) => {
                if let Some(line) = focused(form) {
                    line.paste(text);
                }
                let form = form.clone();
                self.apply_filter(&form);
            }
            _ => {}
        }
    }

    /// Edits a line by the keys of the prompt; whether its text changed.
    fn edit_line(&self, line: &mut Line, key: Key) -> bool {
        if let Some(Command::Edit(edit)) = self.model.keymap.command(Context::PROMPT, key) {
            return line.edit(edit);
        }
        key.typed()
            .is_some_and(|character| line.edit(Edit::Insert(character)))
    }

    fn help_key(&mut self, mut filter: Line, top: usize, key: Key) {
        let lines = usize::from(self.model.size.1.saturating_sub(4)).max(1);
        let last = palette::help_lines(self.model, filter.text())
            .len()
            .saturating_sub(lines);
        let top = match key.code {
            Code::F(1) => return,
            Code::Char('?') if filter.is_empty() => return,
            Code::Up => top.saturating_sub(1),
            Code::Down => (top + 1).min(last),
            Code::PageUp => top.saturating_sub(lines),
            Code::PageDown => (top + lines).min(last),
            _ if self.edit_line(&mut filter, key) => 0,
            _ => top,
        };
        self.model.popup = Some(Popup::Help { filter, top });
    }

    fn palette_key(&mut self, mut filter: Line, cursor: usize, key: Key) {
        let found = palette::commands(self.model, filter.text());
        let last = found.len().saturating_sub(1);
        let cursor = match key.code {
            Code::Enter => {
                if let Some(entry) = found.get(cursor) {
                    match entry.elsewhere {
                        None => self.run(entry.command),
                        Some(place) => self.lead_to(place, entry),
                    }
                }
                return;
            }
            Code::Up => cursor.saturating_sub(1),
            Code::Down | Code::Tab => (cursor + 1).min(last),
            Code::PageUp => cursor.saturating_sub(10),
            Code::PageDown => (cursor + 10).min(last),
            _ if self.edit_line(&mut filter, key) => 0,
            _ => cursor,
        };
        self.model.popup = Some(Popup::Palette { filter, cursor });
    }

    /// Goes where a command of the palette can be run, and says how; it is about a row, and which
    /// one is for the person to say.
    fn lead_to(&mut self, place: Elsewhere, entry: &Entry) {
        let key = entry.keys.split(' ').next().unwrap_or_default();
        let (tab, way) = match place.context {
            Context::DETAILS => (Tab::Transfers, "in one transfer"),
            Context::BROWSE => (Tab::Peers, "in the files of a peer"),
            Context::TRANSFERS => (Tab::Transfers, "here"),
            Context::SHARES => (Tab::Shares, "here"),
            Context::PEERS => (Tab::Peers, "here"),
            Context::LOG => (Tab::Log, "here"),
            _ => (Tab::Search, "here"),
        };
        self.show_tab(tab);
        match place.context {
            Context::TRANSFERS => self.model.details = None,
            Context::PEERS => self.model.browse = None,
            Context::RESULTS | Context::DOCK => self.model.search.focus = SearchFocus::List,
            _ => {}
        }
        self.note(format!("{way}: {key} {}", entry.help));
    }

    fn filter_form_key(&mut self, mut form: SearchFilterForm, key: Key) {
        match key.code {
            Code::Enter => match form.bad_field() {
                // Nothing that was typed goes without a word.
                Some(bad) => form.field = bad,
                None => return,
            },
            Code::Up | Code::BackTab => form.field = form.field.saturating_sub(1),
            Code::Down | Code::Tab => form.field = (form.field + 1).min(2),
            Code::Right | Code::Char(' ') if form.field == 0 => {
                form.category = turn(form.category, 1);
            }
            Code::Left if form.field == 0 => form.category = turn(form.category, -1),
            Code::Char(letter) if form.field == 0 => {
                let found = Category::ALL.into_iter().find(|category| {
                    category.as_str().starts_with(letter) && form.category != Some(*category)
                });
                form.category = found.or(form.category);
            }
            _ => {
                if let Some(mut line) = focused(&mut form).map(|line| line.clone()) {
                    self.edit_line(&mut line, key);
                    if let Some(place) = focused(&mut form) {
                        *place = line;
                    }
                }
            }
        }
        self.apply_filter(&form);
        self.model.popup = Some(Popup::SearchFilter(form));
    }

    /// The results follow the form while it is filled in; a size that does not read is no limit, and
    /// two that contradict each other wait for the next letter.
    fn apply_filter(&mut self, form: &SearchFilterForm) {
        if form.is_reversed() {
            return;
        }
        let size = |line: &Line| parse_bytes(line.text()).ok();
        let wanted = (form.category, size(&form.min_size), size(&form.max_size));
        let search = &mut self.model.search;
        if wanted != (search.category, search.min_size, search.max_size) {
            (search.category, search.min_size, search.max_size) = wanted;
            self.query_changed();
        }
    }
}

fn focused(form: &mut SearchFilterForm) -> Option<&mut Line> {
    match form.field {
        1 => Some(&mut form.min_size),
        2 => Some(&mut form.max_size),
        _ => None,
    }
}

/// The kind after or before, none included.
fn turn(category: Option<Category>, step: isize) -> Option<Category> {
    let count = Category::ALL.len() + 1;
    let at = category.map_or(0, |category| {
        1 + Category::ALL
            .iter()
            .position(|one| *one == category)
            .unwrap_or(0)
    });
    let next = (at + count).saturating_add_signed(step) % count;
    next.checked_sub(1).map(|at| Category::ALL[at])
}
