//! Peers, shares, limits, the daemon itself.

use std::path::PathBuf;

use super::Turn;
use super::limits::read_limit;
use crate::daemon::command::Action;
use crate::daemon::state::{BrowseRow, ShareKind};
use crate::tui::connection::Exit;
use crate::tui::effect::Effect;
use crate::tui::format;
use crate::tui::keymap::Tab;
use crate::tui::layout::Body;
use crate::tui::model::line::Line;
use crate::tui::model::list::List;
use crate::tui::model::popup::{Ask, Consent, Dialog, Popup};
use crate::tui::model::tabs::{BrowseTab, DetailsView};

/// Characters of a path or an address.
const ASK_MAX_CHARS: usize = 4096;

impl Turn<'_> {
    /// Shows the files of the peer under the cursor.
    pub(super) fn browse_peer(&mut self) {
        let found = match self.model.body() {
            Body::Search => {
                let row = self.model.search.list.selected();
                row.map(|row| (row.owner, row.owner_name.clone()))
            }
            Body::Peers => {
                let row = self.model.peers.list.selected();
                row.map(|row| (row.id, row.name.clone()))
            }
            Body::Details => {
                let details = self.model.details.as_ref();
                let row = details.and_then(DetailsView::source);
                row.map(|row| (row.peer, row.name.clone()))
            }
            _ => return,
        };
        let Some((peer, peer_name)) = found else {
            return self.note("no peer here");
        };
        self.model.browse = Some(BrowseTab {
            peer,
            peer_name,
            folder: String::new(),
            list: List::default(),
            is_loading: true,
            trouble: None,
            from: self.model.tab,
            land_on: None,
        });
        self.model.tab = Tab::Peers;
    }

    pub(super) fn block(&mut self) {
        let action = match self.model.body() {
            Body::Peers => match self.model.peers.list.selected() {
                Some(row) if row.is_me => {
                    return self.note("this is you");
                }
                Some(row) if row.is_blocked => Action::Unblock { peer: row.id },
                Some(row) => Action::Block { peer: row.id },
                None => return self.note("no peer here"),
            },
            Body::Details => {
                let details = self.model.details.as_ref();
                match details.and_then(DetailsView::source) {
                    Some(row) => Action::Block { peer: row.peer },
                    None => return self.note("no source here"),
                }
            }
            _ => return,
        };
        self.act(action);
    }

    pub(super) fn ask(&mut self, ask: Ask, text: &str) {
        self.model.popup = Some(Popup::Ask {
            ask,
            line: Line::new(ASK_MAX_CHARS).with_text(text),
            trouble: None,
        });
    }

    pub(super) fn ask_connect(&mut self) {
        let index = self
            .model
            .header
            .as_ref()
            .map(|header| header.index.clone());
        let index = format::clean(&index.unwrap_or_default());
        self.ask(Ask::Connect, &index);
    }

    pub(super) fn ask_share(&mut self) {
        self.ask(Ask::AddShare, "");
    }

    /// What was filled in; what is wrong with it comes back.
    pub(super) fn answer(&mut self, ask: &Ask, text: &str) -> Result<(), String> {
        let text = text.trim();
        match ask {
            Ask::Connect => {
                if text.is_empty() {
                    return Err("give a URL or host:port, as the other side printed it".to_owned());
                }
                let index = text.to_owned();
                self.act(Action::Connect { index });
            }
            Ask::AddShare => {
                let folder = expand_home(text);
                if !folder.is_absolute() {
                    return Err("give the whole path, from / or ~".to_owned());
                }
                self.act(Action::AddShare { folder });
            }
            Ask::Limit(which) => {
                let limit = read_limit(text)?;
                self.set_limit(which.clone(), limit);
            }
        }
        Ok(())
    }

    pub(super) fn ask_unshare(&mut self) {
        let Some(row) = self.model.shares.list.selected() else {
            return self.note("no folder here");
        };
        if row.kind != ShareKind::Root {
            return self.note("only a whole share can be taken away: go to its first line");
        }
        self.model.popup = Some(Popup::Dialog(Dialog {
            question: "Stop sharing this folder?".to_owned(),
            lines: vec![
                format::path(std::path::Path::new(&row.path)),
                format!(
                    "{}, {}; the files stay on this disk.",
                    format::counted(row.files, "file"),
                    format::size(row.size_bytes)
                ),
            ],
            letter: 'y',
            yes: "stop sharing",
            consent: Consent::Unshare(PathBuf::from(&row.path)),
        }));
    }

    pub(super) fn ask_stop(&mut self) {
        let header = self.model.header.as_ref();
        let (downloads, uploads) = header.map_or((0, 0), |header| {
            (header.open_downloads as u64, header.active_uploads as u64)
        });
        self.model.popup = Some(Popup::Dialog(Dialog {
            question: "Stop the daemon?".to_owned(),
            lines: vec![
                format!(
                    "{} and {} stop.",
                    format::counted(downloads, "download"),
                    format::counted(uploads, "upload")
                ),
                "Downloads go on where they were when it starts again.".to_owned(),
            ],
            letter: 'y',
            yes: "stop",
            consent: Consent::StopDaemon,
        }));
    }

    pub(super) fn consent(&mut self, consent: Consent) {
        match consent {
            Consent::StopDaemon => {
                self.act(Action::Stop);
                self.effects.push(Effect::Leave(Exit::StopDaemon));
            }
            Consent::Do(action) => self.act(action),
            Consent::Unshare(folder) => self.act(Action::RemoveShare { folder }),
            Consent::CancelForGood { open, over } => {
                if !open.is_empty() {
                    self.act_for_good(Action::Cancel { ids: open.clone() });
                }
                let ids = [open, over].concat();
                self.act_for_good(Action::Remove { ids });
            }
        }
    }

    /// The row of a peer's files that copying means.
    pub(super) fn browsed(&self) -> Option<&BrowseRow> {
        self.model.browse.as_ref()?.list.selected()
    }
}

fn expand_home(text: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    }
}
