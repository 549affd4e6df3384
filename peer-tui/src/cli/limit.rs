//! The limits: shown, set, set for one download or one peer, lifted.

use serde_json::json;

use super::args::LimitArgs;
use super::print;
use super::table::{self, Column, Row};
use super::trouble::Trouble;
use super::{control, show};
use crate::config::{Layers, data_folder, value};
use crate::daemon::client::Client;
use crate::daemon::command::{Action, LimitChange};
use crate::daemon::state::{PeerLimit, Reply};

/// `limit [--down RATE] [--up RATE] [--transfer ID | --peer PEER] [--lift]`.
///
/// # Errors
/// When a rate is none, no daemon runs or there is no such download.
pub fn run(layers: &Layers, limit: &LimitArgs, json: bool) -> Result<(), Trouble> {
    if let Some(peer) = &limit.peer {
        return of_peer(layers, peer, limit, json);
    }
    if limit.lift {
        return control::tell(layers, Action::LiftLimits, json);
    }
    let down = limit.down.as_deref().map(|text| rate("down", text));
    let up = limit.up.as_deref().map(|text| rate("up", text));
    let (down, up) = (down.transpose()?, up.transpose()?);
    if let (Some(id), Some(down)) = (limit.transfer, down) {
        let ids = vec![id];
        return control::tell(layers, Action::LimitTransfers { ids, down }, json);
    }
    let mut client = Client::connect(&data_folder(layers)?)?;
    let Reply::Status(status) = client.ask(Action::Status)? else {
        return Err(Trouble::failed(
            "the daemon answered something else".to_owned(),
        ));
    };
    let before = (status.header.down_limit, status.header.up_limit);
    if let (None, None) = (down, up) {
        if json {
            let peers = &status.peer_limits;
            print::json(&json!({ "down": before.0, "up": before.1, "peers": peers }));
        } else {
            print::line(&format!("down {}", show::limit_words(before.0)));
            print::line(&format!("up {}", show::limit_words(before.1)));
            let rows = status.peer_limits.iter().map(row).map(Row::from);
            table::print(&[Column::Name], rows.collect());
        }
        return Ok(());
    }
    let action = Action::SetLimits {
        down: down.unwrap_or(before.0),
        up: up.unwrap_or(before.1),
    };
    control::tell(layers, action, json)
}

/// Of one peer; what is not named stays as it is.
fn of_peer(layers: &Layers, peer: &str, limit: &LimitArgs, json: bool) -> Result<(), Trouble> {
    let change = |flag, text: Option<&str>| match text {
        None if limit.lift => Ok(LimitChange::Lift),
        None => Ok(LimitChange::Keep),
        Some(text) => rate(flag, text).map(LimitChange::to),
    };
    let action = Action::LimitPeer {
        peer: peer.to_owned(),
        down: change("down", limit.down.as_deref())?,
        up: change("up", limit.up.as_deref())?,
    };
    control::tell(layers, action, json)
}

fn row(limit: &PeerLimit) -> Vec<String> {
    let name = match limit.name.as_str() {
        "" => limit.peer.short(),
        name => print::name(name),
    };
    vec![
        format!("peer {name}"),
        format!("down {}", show::limit_words(limit.down)),
        format!("up {}", show::limit_words(limit.up)),
    ]
}

fn rate(flag: &str, text: &str) -> Result<Option<u64>, Trouble> {
    value::rate(text).map_err(|remedy| Trouble::usage(format!("--{flag} {text}: {remedy}")))
}
