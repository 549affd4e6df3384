//! What a peer gives of a download that does not run.

use protocol::file::ContentInfo;
use protocol::hash::ContentHash;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};

const PIECE: u64 = 256 * 1024;

/// The status of an answer to a question for the first byte that `peer` says it holds.
fn status_of(network: &Network, peer: &Peer, hash: &ContentHash) -> u16 {
    let status = peer.json(&["status"]).expect("the daemon answers");
    let address = status["listen"].as_str().expect("an address");
    let url = format!("http://{address}/content/{hash}");
    let (status, held) = network.index.get(&format!("{url}/have"), &[]);
    let byte = held.iter().position(|byte| *byte != 0);
    let Some(byte) = byte.filter(|_| status == 200) else {
        return status;
    };
    let bit = u64::from(held[byte].leading_zeros());
    let at = (byte as u64 * 8 + bit) * PIECE;
    let range = format!("bytes={at}-{at}");
    network.index.get(&url, &[("range", &range)]).0
}

/// Whether the index names marta as a holder of a part.
fn is_published(network: &Network, hash: &ContentHash) -> Option<bool> {
    let path = format!("/api/v1/content/{hash}");
    let content: ContentInfo = network.index.json(&path, &[])?;
    let mut sources = content.sources.iter();
    Some(sources.any(|source| source.name == "marta" && source.partial && source.is_online))
}

#[test]
fn a_paused_download_is_served_and_published_until_it_is_cancelled() {
    let network = Network::start();
    let bytes = noise(88, 16 * 1024 * 1024);
    let hash = ContentHash::of(&bytes);
    let lena = network.peer("lena");
    lena.write("s7 a boat.raw", &bytes);
    let _lena = lena.start_sharing(1);
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s7 boat") == 1).then_some(())
    });
    let mut marta = network.peer("marta").with("--down-limit=400K").start();
    marta.output(&["get", "--detach", "s7 boat"]);
    let id = wait_for("a part is there", PATIENCE, || {
        let transfers = marta.json(&["transfers"])?;
        let has_some = transfers[0]["done_bytes"].as_u64()? >= 2 * PIECE;
        transfers[0]["id"].as_u64().filter(|_| has_some)
    });
    let id = id.to_string();
    marta.output(&["pause", &id]);
    let is_resting = |marta: &Peer, when: &str| {
        wait_for(when, PATIENCE, || {
            let is_served = status_of(&network, marta, &hash) == 206;
            (is_served && is_published(&network, &hash)?).then_some(())
        });
    };
    is_resting(&marta, "paused");
    marta.output(&["stop"]);
    assert_eq!(marta.wait(), 0);
    marta.launch();
    is_resting(&marta, "paused, after a restart");
    marta.output(&["cancel", &id]);
    wait_for("cancelled", PATIENCE, || {
        let is_gone = status_of(&network, &marta, &hash) == 404;
        (is_gone && !is_published(&network, &hash)?).then_some(())
    });
}
