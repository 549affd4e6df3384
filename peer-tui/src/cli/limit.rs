//! The limits: shown, set, set for one download, lifted for an hour.

use serde_json::json;

use super::args::LimitArgs;
use super::print;
use super::trouble::Trouble;
use super::{control, show};
use crate::config::{Layers, data_folder, value};
use crate::daemon::client::Client;
use crate::daemon::command::Action;
use crate::daemon::state::Reply;

/// `limit [--down RATE] [--up RATE] [--transfer ID] [--lift]`.
///
/// # Errors
/// When a rate is none, no daemon runs or there is no such download.
pub fn run(layers: &Layers, limit: &LimitArgs, json: bool) -> Result<(), Trouble> {
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
            print::json(&json!({ "down": before.0, "up": before.1 }));
        } else {
            print::line(&format!("down {}", show::limit_words(before.0)));
            print::line(&format!("up {}", show::limit_words(before.1)));
        }
        return Ok(());
    }
    let action = Action::SetLimits {
        down: down.unwrap_or(before.0),
        up: up.unwrap_or(before.1),
    };
    control::tell(layers, action, json)
}

fn rate(flag: &str, text: &str) -> Result<Option<u64>, Trouble> {
    value::rate(text).map_err(|remedy| Trouble::usage(format!("--{flag} {text}: {remedy}")))
}
