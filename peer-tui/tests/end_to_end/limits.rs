//! Limits, priorities and places as a person sets them, and what of them outlives the daemon.

use serde_json::{Value, json};

use crate::kit::{Network, Peer};

fn limits(peer: &Peer) -> Value {
    peer.json(&["limit"]).expect("the daemon answers")
}

fn restart(peer: &mut Peer) {
    peer.output(&["stop"]);
    peer.wait();
    peer.launch();
}

#[test]
fn limits_are_remembered_lifted_for_a_while_and_overruled_by_none() {
    let network = Network::start();
    let mut marta = network.peer("marta").start();
    assert_eq!(limits(&marta), json!({ "down": null, "up": null }));
    marta.output(&["limit", "--down", "5M", "--up=1M"]);
    let both = json!({ "down": 5 << 20, "up": 1 << 20 });
    assert_eq!(limits(&marta), both);
    marta.output(&["limit", "--lift"]);
    assert_eq!(limits(&marta), json!({ "down": null, "up": null }));
    restart(&mut marta);
    assert_eq!(limits(&marta), both, "lifted is not taken away");
    marta.output(&["limit", "--up=none"]);
    assert_eq!(limits(&marta), json!({ "down": 5 << 20, "up": null }));
    marta.output(&["limit", "--up=1M"]);
    marta.flags.push("--up-limit=none".to_owned());
    restart(&mut marta);
    assert_eq!(limits(&marta), json!({ "down": 5 << 20, "up": null }));
    let wrong = marta.run(&["limit", "--down", "fast"]);
    assert_eq!(wrong.status.code(), Some(2), "wrong usage");
    let unknown = marta.run(&["limit", "--down", "1M", "--transfer", "7"]);
    assert_eq!(unknown.status.code(), Some(3), "no such download");
}

#[test]
fn priorities_outlive_the_daemon() {
    let network = Network::start();
    let lena = network.peer("lena").with("--up-limit=64K");
    lena.write("one s51.bin", &crate::kit::tree::noise(51, 3 << 20));
    let lena = lena.start_sharing(1);
    let mut marta = network.peer("marta").start();
    crate::kit::wait_for("it is found", crate::kit::PATIENCE, || {
        (network.index.count("s51") == 1).then_some(())
    });
    marta.output(&["get", "--detach", "s51"]);
    let priority = |marta: &Peer| {
        let transfers = marta.json(&["transfers"]).expect("the daemon answers");
        transfers[0]["priority"].clone()
    };
    assert_eq!(priority(&marta), 0);
    marta.output(&["priority", "1", "high"]);
    marta.output(&["move", "1", "bottom"]);
    assert_eq!(priority(&marta), 1);
    restart(&mut marta);
    assert_eq!(priority(&marta), 1);
    drop(lena);
}
