//! What the daemon must know about the screen: which windows of which lists are shown.

use crate::daemon::command::{
    BrowseWatch, ClientMessage, LogWatch, PeersWatch, SearchWatch, SharesWatch, TransfersWatch,
    Watch, Window,
};
use crate::tui::layout::{Body, Class};
use crate::tui::model::Model;

/// Words of the levels in the log's filter, in its order.
pub(crate) const LOG_LEVELS: [Option<&str>; 3] = [None, Some("warn"), Some("error")];

/// The watch to send, if it is another than the last one; the model remembers it.
pub(super) fn changed(model: &mut Model) -> Option<ClientMessage> {
    if model.is_stale() {
        return None;
    }
    let watch = compose(model);
    if model.last_watch.as_ref() == Some(&watch) {
        return None;
    }
    model.last_watch = Some(watch.clone());
    Some(ClientMessage::Watch(Box::new(watch)))
}

fn compose(model: &Model) -> Watch {
    let layout = model.layout();
    let mut watch = Watch::default();
    if layout.class == Some(Class::Line) {
        return watch;
    }
    match model.body() {
        Body::Search => {
            watch.dock_rows = layout.dock_rows();
            watch.search = Some(search(model));
            watch.content = model.search.detail.filter(|_| layout.pane.height > 0);
        }
        Body::Transfers => {
            watch.transfers = Some(TransfersWatch {
                filter: model.transfers.filter,
                text: model.transfers.text.line.text().to_owned(),
                sort: model.transfers.sort,
                is_reversed: model.transfers.is_reversed,
                window: model.transfers.list.window(),
                with_speed: layout.bottom.height > 0,
                is_by_file: true,
            });
        }
        Body::Details => watch.transfer = model.details.as_ref().map(|details| details.id),
        Body::Shares => {
            watch.shares = Some(SharesWatch {
                open: model.shares.open.iter().cloned().collect(),
                text: model.shares.text.line.text().to_owned(),
                window: model.shares.list.window(),
            });
        }
        Body::Peers => {
            watch.peers = Some(PeersWatch {
                filter: model.peers.filter,
                text: model.peers.text.line.text().to_owned(),
                sort: model.peers.sort,
                is_reversed: model.peers.is_reversed,
                window: model.peers.list.window(),
            });
        }
        Body::Browse => {
            watch.browse = model.browse.as_ref().map(|browse| BrowseWatch {
                peer: browse.peer,
                folder: browse.folder.clone(),
                window: browse.list.window(),
            });
        }
        Body::Log => {
            let is_following = model.log.is_following;
            let following = Window {
                first: 0,
                count: model.log.list.height() * 3,
            };
            watch.log = Some(LogWatch {
                level: LOG_LEVELS[model.log.level].map(ToOwned::to_owned),
                text: model.log.text.line.text().to_owned(),
                window: if is_following {
                    following
                } else {
                    model.log.list.window()
                },
                is_following,
            });
        }
    }
    watch
}

fn search(model: &Model) -> SearchWatch {
    let search = &model.search;
    SearchWatch {
        generation: search.generation,
        query: search.prompt.text().to_owned(),
        category: search.category,
        min_size: search.min_size,
        max_size: search.max_size,
        sort: search.sort,
        order: search.order,
        window: search.list.window(),
    }
}
