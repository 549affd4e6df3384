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
    assert_eq!(
        limits(&marta),
        json!({ "down": null, "up": null, "peers": [] })
    );
    marta.output(&["limit", "--down", "5M", "--up=1M"]);
    let both = json!({ "down": 5 << 20, "up": 1 << 20, "peers": [] });
    assert_eq!(limits(&marta), both);
    marta.output(&["limit", "--lift"]);
    assert_eq!(
        limits(&marta),
        json!({ "down": null, "up": null, "peers": [] })
    );
    restart(&mut marta);
    assert_eq!(limits(&marta), both, "lifted is not taken away");
    marta.output(&["limit", "--up=none"]);
    assert_eq!(
        limits(&marta),
        json!({ "down": 5 << 20, "up": null, "peers": [] })
    );
    marta.output(&["limit", "--up=1M"]);
    marta.flags.push("--up-limit=none".to_owned());
    restart(&mut marta);
    assert_eq!(
        limits(&marta),
        json!({ "down": 5 << 20, "up": null, "peers": [] })
    );
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
    let told = marta.output(&["priority", "1", "high"]);
    assert_eq!(told, "one s51.bin: priority high now (was normal)");
    let told = marta.output(&["priority", "1", "high"]);
    assert_eq!(told, "one s51.bin: priority high already");
    marta.output(&["move", "1", "bottom"]);
    let unknown = marta.run(&["move", "7", "top"]);
    assert_eq!(unknown.status.code(), Some(3), "no such download");
    assert_eq!(priority(&marta), 1);
    restart(&mut marta);
    assert_eq!(priority(&marta), 1);
    drop(lena);
}

#[test]
fn limits_of_a_peer_hold_for_what_comes_and_goes_and_are_remembered() {
    let network = Network::start();
    let lena = network.peer("lena");
    for number in 0..3 {
        let name = format!("part{number} s52.bin");
        lena.write(&name, &crate::kit::tree::noise(520 + number, 1 << 20));
    }
    let lena = lena.start_sharing(3);
    let mut marta = network.peer("marta").start();
    crate::kit::wait_for("all are found", crate::kit::PATIENCE, || {
        (network.index.count("s52") == 3).then_some(())
    });
    let limit_of = |peer: &Peer, name: &str| {
        let peers = peer.json(&["peers"])?;
        let known = peers.as_array()?.iter().find(|one| one["name"] == name);
        Some(known?["down_limit"].clone())
    };
    let wait_for_both = |marta: &Peer| {
        crate::kit::wait_for("both know each other", crate::kit::PATIENCE, || {
            limit_of(&lena, "marta").zip(limit_of(marta, "lena"))
        })
    };
    wait_for_both(&marta);
    let unknown = marta.run(&["limit", "--peer", "nobody", "--down=1M"]);
    assert_eq!(unknown.status.code(), Some(3), "no such peer");
    let told = marta.output(&["limit", "--peer", "lena", "--down=512K"]);
    assert_eq!(told, "limits of lena: down 512 KiB/s, up none");
    restart(&mut marta);
    let (_, remembered) = wait_for_both(&marta);
    assert_eq!(remembered, 512 << 10);
    let shown = limits(&marta);
    assert_eq!(shown["peers"][0]["name"], "lena");
    assert_eq!((&shown["down"], &shown["up"]), (&Value::Null, &Value::Null));
    let took = |name: &str| {
        let started = std::time::Instant::now();
        marta.output(&["get", name]);
        started.elapsed().as_secs_f64()
    };
    // 1 MiB at 512 KiB/s, but for a saved quarter of a second and the chunk that is paid for later.
    assert!(took("part0 s52") > 1.0);
    let told = marta.output(&["limit", "--peer", "lena", "--lift"]);
    assert_eq!(told, "no limits of its own for lena");
    assert_eq!(limits(&marta)["peers"], json!([]));
    let told = lena.output(&["limit", "--peer", "marta", "--up=512K"]);
    assert!(
        told.starts_with("limits of marta: down none, up 512 KiB/s"),
        "{told}"
    );
    assert!(took("part1 s52") > 1.0);
    lena.output(&["limit", "--peer", "marta", "--up=none"]);
    marta.output(&["get", "part2 s52"]);
}
