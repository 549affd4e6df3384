//! What copying copies: link, hash, name, path, id of the row under the cursor, or all shown rows.

use std::fmt::Write;

use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use protocol::routes::content_info;

use super::Turn;
use crate::daemon::state::{BrowseRow, TransferRow};
use crate::tui::effect::Effect;
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::layout::Body;

/// What can be told of a row.
#[derive(Debug, Default)]
struct Facts {
    name: String,
    path: String,
    hash: Option<ContentHash>,
    id: String,
}

impl Turn<'_> {
    pub(super) fn copy(&mut self, command: Command) {
        if command == Command::CopyAll {
            return self.copy_all();
        }
        let Some(facts) = self.facts() else {
            return self.note("nothing here to copy");
        };
        let (what, text) = match command {
            Command::CopyLink => ("link", self.link(&facts)),
            Command::CopyHash => ("hash", facts.hash.map(|hash| hash.to_string())),
            Command::CopyName => ("name", Some(facts.name)),
            Command::CopyPath => ("path", Some(facts.path)),
            _ => ("id", Some(facts.id)),
        };
        match text.filter(|text| !text.is_empty()) {
            Some(text) => {
                let shown = format::cut_middle(&format::clean(&text), 40);
                self.effects.push(Effect::Copy(text));
                self.note(format!("copied {what} {shown}"));
            }
            None => self.note(format!("this row has no {what}")),
        }
    }

    /// Where the index sends who wants this content.
    fn link(&self, facts: &Facts) -> Option<String> {
        let hash = facts.hash?;
        let index = &self.model.header.as_ref()?.index;
        (!index.is_empty())
            .then(|| format!("{}{}", index.trim_end_matches('/'), content_info(&hash)))
    }

    fn facts(&self) -> Option<Facts> {
        let model = &*self.model;
        let of_peer = |name: &str, id: PeerId| Facts {
            name: name.to_owned(),
            id: id.to_string(),
            ..Facts::default()
        };
        Some(match model.body() {
            Body::Search if model.search.is_in_dock() => of_transfer(model.dock.selected()?),
            Body::Search => {
                let row = model.search.list.selected()?;
                Facts {
                    name: row.name.clone(),
                    path: row.path.clone(),
                    hash: Some(row.hash),
                    id: row.file_id.to_string(),
                }
            }
            Body::Transfers => of_transfer(model.transfers.list.selected()?),
            Body::Details => {
                let detail = model.details.as_ref()?.detail.as_ref()?;
                of_transfer(&TransferRow::Down(detail.status.clone()))
            }
            Body::Shares => {
                let row = model.shares.list.selected()?;
                Facts {
                    name: row.name.clone(),
                    path: row.path.clone(),
                    hash: row.hash,
                    id: row.hash.map(|hash| hash.to_string()).unwrap_or_default(),
                }
            }
            Body::Peers => {
                let row = model.peers.list.selected()?;
                Facts {
                    path: row.address.clone(),
                    ..of_peer(&row.name, row.id)
                }
            }
            Body::Browse => match self.browsed()? {
                BrowseRow::Folder { name, path, .. } => Facts {
                    name: name.clone(),
                    path: path.clone(),
                    ..Facts::default()
                },
                BrowseRow::File(row) => Facts {
                    name: row.name.clone(),
                    path: row.path.clone(),
                    hash: Some(row.hash),
                    id: row.file_id.to_string(),
                },
            },
            Body::Log => {
                let row = model.log.list.selected()?;
                Facts {
                    name: row.text.clone(),
                    ..Facts::default()
                }
            }
        })
    }

    /// One line a row at hand, columns apart by tabs.
    fn copy_all(&mut self) {
        let model = &*self.model;
        let mut text = String::new();
        let mut line = |name: &str, rest: &dyn std::fmt::Display| {
            // A text takes every line.
            let _ = writeln!(text, "{}\t{rest}", format::clean(name));
        };
        match model.body() {
            Body::Search => {
                for row in model.search.list.rows() {
                    line(&row.name, &format_args!("{}\t{}", row.size_bytes, row.hash));
                }
            }
            Body::Transfers => {
                for row in model.transfers.list.rows() {
                    let facts = of_transfer(row);
                    line(
                        &facts.name,
                        &facts.hash.map(|hash| hash.to_string()).unwrap_or_default(),
                    );
                }
            }
            Body::Details => {
                for row in model
                    .details
                    .iter()
                    .flat_map(|details| details.sources.rows())
                {
                    line(&row.name, &row.peer);
                }
            }
            Body::Shares => {
                for row in model.shares.list.rows() {
                    line(&row.path, &row.size_bytes);
                }
            }
            Body::Peers => {
                for row in model.peers.list.rows() {
                    line(&row.name, &row.id);
                }
            }
            Body::Browse => {
                for row in model.browse.iter().flat_map(|browse| browse.list.rows()) {
                    match row {
                        BrowseRow::Folder { path, .. } => line(path, &"folder"),
                        BrowseRow::File(row) => line(&row.path, &row.hash),
                    }
                }
            }
            Body::Log => {
                for row in model.log.list.rows() {
                    line(&row.text, &row.at);
                }
            }
        }
        let count = text.lines().count() as u64;
        if count == 0 {
            return self.note("nothing here to copy");
        }
        self.effects.push(Effect::Copy(text));
        self.note(format!("copied {}", format::counted(count, "row")));
    }
}

fn of_transfer(row: &TransferRow) -> Facts {
    match row {
        TransferRow::Down(status) => Facts {
            name: status.name.clone(),
            path: status.destination.to_string_lossy().into_owned(),
            hash: Some(status.hash),
            id: status.id.to_string(),
        },
        TransferRow::Up {
            hash, name, client, ..
        } => Facts {
            name: name.clone(),
            path: String::new(),
            hash: Some(*hash),
            id: client.clone(),
        },
    }
}
