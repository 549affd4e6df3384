//! Menus: sort, filter, settings.

use super::Turn;
use super::chords::{sort_letter, sorts};
use super::transfers::TRANSFER_FILTERS;
use crate::daemon::command::PeerFilter;
use crate::tui::effect::Effect;
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::Body;
use crate::tui::model::line::Line;
use crate::tui::model::popup::{Choice, Menu, Popup, SearchFilterForm};
use crate::tui::theme::{Glyphs, Theme};

/// Characters of a size.
const SIZE_MAX_CHARS: usize = 12;

/// The filters of the peers, in the order of their line.
pub(crate) const PEER_FILTERS: [(PeerFilter, &str); 4] = [
    (PeerFilter::Online, "Online"),
    (PeerFilter::All, "All"),
    (PeerFilter::Verified, "Verified"),
    (PeerFilter::Blocked, "Blocked"),
];

/// Names of the transfers' filters, in the order of their line.
pub(crate) const TRANSFER_FILTER_NAMES: [&str; 7] = [
    "All",
    "Downloading",
    "Paused",
    "Queued",
    "Failed",
    "Uploads",
    "Done",
];

/// Names of the log's levels.
pub(crate) const LOG_LEVEL_NAMES: [&str; 3] = ["All", "Warnings", "Errors"];

impl Turn<'_> {
    pub(super) fn open_filter(&mut self) {
        let names: &[&str] = match self.model.body() {
            Body::Search => {
                let search = &self.model.search;
                let size = |bytes: Option<u64>| {
                    let text = bytes.map(protocol::byte_size::format_bytes);
                    Line::new(SIZE_MAX_CHARS).with_text(&text.unwrap_or_default())
                };
                self.model.popup = Some(Popup::SearchFilter(SearchFilterForm {
                    category: search.category,
                    min_size: size(search.min_size),
                    max_size: size(search.max_size),
                    field: 0,
                }));
                return;
            }
            Body::Transfers => &TRANSFER_FILTER_NAMES,
            Body::Peers => &["Online", "All", "Verified", "Blocked"],
            Body::Log => &LOG_LEVEL_NAMES,
            Body::Shares => return self.find_in_shares(),
            Body::Details | Body::Browse => return self.note("this list has no filter"),
        };
        let items = (0..names.len()).map(|at| (names[at].to_owned(), Choice::Filter(at)));
        let cursor = match self.model.body() {
            Body::Transfers => TRANSFER_FILTERS
                .iter()
                .position(|filter| *filter == self.model.transfers.filter),
            Body::Peers => PEER_FILTERS
                .iter()
                .position(|(filter, _)| *filter == self.model.peers.filter),
            _ => Some(self.model.log.level),
        };
        self.model.popup = Some(Popup::Menu(Menu {
            title: "Show",
            items: items.collect(),
            cursor: cursor.unwrap_or(0),
        }));
    }

    fn find_in_shares(&mut self) {
        self.model.shares.text.is_typing = true;
    }

    pub(super) fn open_sort(&mut self) {
        let sorts = sorts(self.model.body());
        if sorts.is_empty() {
            return self.note("this list has one order");
        }
        let now = sort_letter(self.model);
        let cursor = sorts.iter().position(|(letter, _)| Some(*letter) == now);
        let items = sorts
            .into_iter()
            .map(|(letter, name)| (format!("{letter}  {name}"), Choice::Sort(letter)));
        self.model.popup = Some(Popup::Menu(Menu {
            title: "Sort by (again: the other way round)",
            items: items.collect(),
            cursor: cursor.unwrap_or(0),
        }));
    }

    pub(super) fn open_settings(&mut self, cursor: usize) {
        let look = self.model.look;
        let header = self.model.header.as_ref();
        let (down, up) = header.map_or((None, None), |header| (header.down_limit, header.up_limit));
        let theme = if self.model.is_mono {
            "Colours       none (NO_COLOR)".to_owned()
        } else {
            format!("Colours       {}", look.theme.as_str())
        };
        self.model.popup = Some(Popup::Menu(Menu {
            title: "Settings",
            items: vec![
                (theme, Choice::Theme),
                (
                    format!("Characters    {}", look.glyphs.as_str()),
                    Choice::Glyphs,
                ),
                (
                    format!("Limit down    {}", format::limit(down)),
                    Choice::Run(Command::LimitDown),
                ),
                (
                    format!("Limit up      {}", format::limit(up)),
                    Choice::Run(Command::LimitUp),
                ),
            ],
            cursor,
        }));
    }

    pub(super) fn choose(&mut self, choice: Choice, cursor: usize) {
        match choice {
            Choice::Sort(letter) => self.sort_by(letter),
            Choice::Filter(at) => {
                match self.model.body() {
                    Body::Transfers => self.model.transfers.filter = TRANSFER_FILTERS[at],
                    Body::Peers => self.model.peers.filter = PEER_FILTERS[at].0,
                    Body::Log => self.model.log.level = at,
                    _ => {}
                }
                self.filter_changed();
            }
            Choice::Theme => {
                self.model.look.theme = after(&Theme::ALL, self.model.look.theme);
                self.look_changed(cursor);
            }
            Choice::Glyphs => {
                self.model.look.glyphs = after(&Glyphs::ALL, self.model.look.glyphs);
                self.look_changed(cursor);
            }
            Choice::Run(command) => self.run(command),
        }
    }

    fn look_changed(&mut self, cursor: usize) {
        self.effects.push(Effect::SaveLook(self.model.look));
        self.effects.push(Effect::Repaint);
        self.open_settings(cursor);
    }
}

fn after<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    all[(at + 1) % all.len()]
}
