//! Small files that are fetched together: all of them come exact, whoever fails or lies among their
//! holders, and each lies under its own path.

use super::super::*;
use super::kit::{Network, Way, Wrong};

#[tokio::test]
async fn many_small_files_come_exact_whoever_fails_among_their_holders() {
    let mut network = Network::start().await;
    let honest = network.peer(Way::Honest).await;
    let mut others = Vec::new();
    for way in [
        Way::Corrupt,
        Way::Short,
        Way::NotFound,
        Way::Garbage,
        Way::Encoded,
        Way::OtherLength,
        Way::BusyOnce,
        Way::Honest,
        Way::Together(None),
        Way::Together(Some(Wrong::Bytes)),
        Way::Together(Some(Wrong::Length)),
        Way::Together(Some(Wrong::Lacks)),
        Way::Together(Some(Wrong::Breaks)),
        Way::Together(Some(Wrong::More)),
    ] {
        others.push(network.peer(way).await);
    }
    let mut contents = Vec::new();
    for number in 0..280_usize {
        let name = format!("tree/{}/{number}.bin", number % 7);
        let length = 1 + (number * 7_919) % (256 * 1024);
        let peers = [others[number % others.len()], honest];
        contents.push(network.share_by(&name, length, &peers));
    }
    let wishes = contents.iter().map(wish).collect();
    let ids = network.fetch.enqueue_many(wishes).await.unwrap();
    for (id, content) in ids.into_iter().zip(&contents) {
        let done = network.done(id.unwrap()).await;
        let expected = network.downloads().join(&content.name);
        assert_eq!(done.destination, expected);
        assert_eq!(std::fs::read(&expected).unwrap(), *content.bytes);
    }
    let left: Vec<_> = std::fs::read_dir(network.downloads().join(".peerdex"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_holder_that_gives_many_at_once_is_asked_few_times() {
    let mut network = Network::start().await;
    let peer = network.peer(Way::Together(None)).await;
    let contents: Vec<_> = (0..500_usize)
        .map(|number| network.share_by(&format!("a/{number}"), 1 + number, &[peer]))
        .collect();
    let wishes = contents.iter().map(wish).collect();
    let ids = network.fetch.enqueue_many(wishes).await.unwrap();
    for (id, content) in ids.into_iter().zip(&contents) {
        let done = network.done(id.unwrap()).await;
        assert_eq!(std::fs::read(&done.destination).unwrap(), *content.bytes);
    }
    let asked = network.asked(peer);
    assert!(asked < contents.len() / 10, "{asked} requests");
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_small_file_stays_and_a_torn_one_is_fetched_anew() {
    let mut network = Network::start().await;
    let honest = network.peer(Way::Honest).await;
    let contents: Vec<_> = (0..8_usize)
        .map(|number| network.share_by(&format!("a/{number}"), 500 + number, &[honest]))
        .collect();
    let unfinished = network.downloads().join(".peerdex");
    std::fs::create_dir_all(&unfinished).unwrap();
    // As a crash leaves it: a length, and whatever was on the disk.
    let torn = unfinished.join(format!("{}.part", contents[0].hash));
    std::fs::write(torn, vec![0; 500]).unwrap();
    std::fs::create_dir_all(network.downloads().join("a")).unwrap();
    std::fs::write(network.downloads().join("a/1"), "mine").unwrap();
    let wishes = contents.iter().map(wish).collect();
    let ids = network.fetch.enqueue_many(wishes).await.unwrap();
    for (id, content) in ids.into_iter().zip(&contents) {
        let done = network.done(id.unwrap()).await;
        assert_eq!(std::fs::read(&done.destination).unwrap(), *content.bytes);
    }
    let mine = std::fs::read(network.downloads().join("a/1")).unwrap();
    assert_eq!(mine, b"mine");
}

fn wish(content: &super::kit::Content) -> Wish {
    content.wish()
}

#[tokio::test]
async fn what_comes_in_small_files_counts_into_the_speed() {
    let mut network = Network::start().await;
    let peer = network.peer(Way::Together(None)).await;
    let contents: Vec<_> = (0..40_usize)
        .map(|number| network.share_by(&format!("a/{number}"), 20_000 + number, &[peer]))
        .collect();
    network.fetch.set_down_limit(Some(300_000));
    let wishes = contents.iter().map(wish).collect();
    network.fetch.enqueue_many(wishes).await.unwrap();
    network
        .wait(|network| network.fetch.view().down_rate > 0)
        .await;
    network.fetch.set_down_limit(None);
    let is_over = |network: &Network| network.fetch.view().finished_count == 40;
    network.wait(is_over).await;
    network
        .wait(|network| network.fetch.view().active_count == 0)
        .await;
    assert_eq!(network.fetch.view().down_rate, 0, "nothing comes any more");
}
