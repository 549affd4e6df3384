//! The rules of silence by tables.

use super::*;

fn overdue(silent: &[u8], stale: &[u8]) -> Overdue {
    Overdue {
        silent: silent
            .iter()
            .map(|number| (peer(*number), at(5).into()))
            .collect(),
        stale: stale.iter().map(|number| peer(*number)).collect(),
    }
}

#[test]
fn a_sweep_touches_only_those_that_it_may() {
    let mut table = Table::with(&[1, 2]);
    table.changed(1, vec![add("x", "x"), add("y", "y"), add_partial("p", "p")]);
    table.ok(&leave(2));
    let decision = table
        .sweep(&Command::Sweep, overdue(&[1, 2, 9], &[1, 9]))
        .expect("swept");
    // Peer 1 was drafted offline first, so being stale counts; peer 2 was offline before.
    assert_eq!(
        decision.answer,
        Answer::Swept {
            offline_count: 1,
            forgotten_count: 1
        }
    );
    assert_eq!(decision.news[0], News::PeerOffline(peer(1)));
    let mut removed: Vec<_> = decision.news[1..]
        .iter()
        .map(|news| match news {
            News::FileRemoved(entry) => entry.names[0].path.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    removed.sort_unstable();
    assert_eq!(removed, ["x", "y"]);
    assert!(table.world.peer_state(&peer(1)).is_none());
    assert_eq!(table.names(1, "x"), [""; 0]);
}

#[test]
fn many_files_that_are_forgotten_are_told_as_one() {
    let mut table = Table::with(&[1]);
    let name = |number: usize| format!("f{number}");
    let files = (0..21).map(|number| add(&name(number), &name(number)));
    table.changed(1, files.collect());
    let decision = table.sweep(&Command::Sweep, overdue(&[1], &[1]));
    let news = decision.expect("swept").news;
    assert!(matches!(
        news[1..],
        [News::FilesChanged {
            added: 0,
            updated: 0,
            removed: 21,
            ..
        }]
    ));
}
