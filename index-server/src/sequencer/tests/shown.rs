//! What waits together is one batch, and readers are shown it while the next one is on its way to the
//! disk.

use super::*;

#[tokio::test]
async fn a_batch_is_answered_and_seen_while_the_next_one_is_written() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.hold();
    let ask = |name: &str| {
        let (index, command) = (house.index.clone(), change(1, vec![add(name, name)]));
        tokio::spawn(async move { index.ask(command).await })
    };
    let is_written = async |count: usize| {
        while house.journal.waiting.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    let passed = house.journal.waiting.load(Ordering::SeqCst);
    let first = ask("first");
    is_written(passed + 1).await;
    let second = ask("second");
    while house.index.shared.queue.capacity() == QUEUE_MAX_COUNT {
        tokio::task::yield_now().await;
    }
    house.journal.release_one();
    is_written(passed + 2).await;
    first.await.expect("no panic").expect("carried out");
    assert_eq!(house.found(), ["first"]);
    assert!(!second.is_finished(), "nothing is durable of it");
    house.journal.release();
    second.await.expect("no panic").expect("carried out");
    assert_eq!(house.found(), ["first", "second"]);
}

#[tokio::test]
async fn what_is_shown_is_what_is_durable_when_the_next_append_fails() {
    let house = House::new().await;
    house.ok(register(1)).await;
    house.journal.hold();
    let ask = |name: &str| {
        let (index, command) = (house.index.clone(), change(1, vec![add(name, name)]));
        tokio::spawn(async move { index.ask(command).await })
    };
    let passed = house.journal.waiting.load(Ordering::SeqCst);
    let first = ask("first");
    while house.journal.waiting.load(Ordering::SeqCst) == passed {
        tokio::task::yield_now().await;
    }
    let second = ask("second");
    while house.index.shared.queue.capacity() == QUEUE_MAX_COUNT {
        tokio::task::yield_now().await;
    }
    house.journal.release_one();
    first.await.expect("no panic").expect("carried out");
    house.journal.is_failing.store(true, Ordering::SeqCst);
    house.journal.release();
    let refusal = second.await.expect("no panic").expect_err("refused");
    assert_eq!(refusal.slug, Slug::Internal);
    assert_eq!(house.found(), ["first"]);
}

#[tokio::test]
async fn commands_that_wait_together_share_one_append() {
    let house = House::new().await;
    house.ok(register(1)).await;
    let before = house.journal.appends.load(Ordering::SeqCst);
    house.journal.hold();
    let ask = |command| {
        let index = house.index.clone();
        tokio::spawn(async move { index.ask(command).await })
    };
    let mut asked = vec![ask(change(1, vec![add("first", "first")]))];
    let passed = house.journal.waiting.load(Ordering::SeqCst);
    while house.journal.waiting.load(Ordering::SeqCst) == passed {
        tokio::task::yield_now().await;
    }
    for number in 0..100 {
        let name = format!("f{number}");
        asked.push(ask(change(1, vec![add(&name, &name)])));
    }
    // The last of them stands on what the others of its batch do.
    asked.push(ask(change(1, vec![remove(1, "f99", None)])));
    while house.index.shared.queue.capacity() > QUEUE_MAX_COUNT - 101 {
        tokio::task::yield_now().await;
    }
    house.journal.release();
    for answer in asked {
        let answer = answer.await.expect("no panic").expect("carried out");
        assert!(matches!(answer, Answer::FilesChanged(outcomes)
            if !matches!(outcomes[0], FileChanged::Refused(_))));
    }
    assert_eq!(house.journal.appends.load(Ordering::SeqCst), before + 2);
    assert_eq!(house.index.view().stats.total_files, 100);
}
