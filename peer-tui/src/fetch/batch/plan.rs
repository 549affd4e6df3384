//! Whom to ask for which file: every file at the holder that has the fewest to give so far.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;

use futures::future::join_all;
use protocol::file::ContentInfo;
use protocol::ids::PeerId;

use super::super::run::{Shared, Task};
use super::super::source::is_allowed;
use super::Wanted;

/// Files by the address of the holder that is asked.
pub(super) struct Plan {
    pub(super) by_address: HashMap<SocketAddr, VecDeque<Wanted>>,
    /// Their content lies on this disk.
    pub(super) here: Vec<(Task, PathBuf)>,
    /// Nobody can be asked for these just like that.
    pub(super) alone: Vec<Task>,
}

/// Asks the index for all of them; those questions go out together.
pub(super) async fn make(tasks: Vec<Task>, shared: &Shared) -> Plan {
    let (mut here, mut wanted) = (Vec::new(), Vec::new());
    for task in tasks {
        // One that turns out to be gone goes on alone, which looks at all of them.
        match task.local.first().cloned() {
            Some(local) => here.push((task, local)),
            None => wanted.push(task),
        }
    }
    let tasks = wanted;
    let asked = tasks.iter().map(|task| shared.holders.content(task.hash));
    let answers = join_all(asked).await;
    let mut plan = Plan {
        by_address: HashMap::new(),
        here,
        alone: Vec::new(),
    };
    for (task, answer) in tasks.into_iter().zip(answers) {
        let content = answer.ok().flatten();
        let content = content.filter(|content| content.size == task.size_bytes);
        match content.and_then(|content| choose(&content, &plan, shared)) {
            Some((address, peer)) => plan
                .by_address
                .entry(address)
                .or_default()
                .push_back(Wanted { task, peer }),
            None => plan.alone.push(task),
        }
    }
    plan
}

fn choose(content: &ContentInfo, plan: &Plan, shared: &Shared) -> Option<(SocketAddr, PeerId)> {
    let own_id = shared.holders.own_id();
    let able = content.sources.iter().filter(|source| {
        source.is_online
            && !source.partial
            && source.peer != own_id
            && !shared.refused.contains(&source.peer)
    });
    let addressed = able.filter_map(|source| {
        let address: SocketAddr = source.address.parse().ok()?;
        is_allowed(address).then_some((address, source.peer))
    });
    addressed.min_by_key(|(address, _)| plan.by_address.get(address).map_or(0, VecDeque::len))
}
