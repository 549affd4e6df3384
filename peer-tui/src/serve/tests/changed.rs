//! A file that is no longer what was hashed: refused, looked at again, served as what it is.

use protocol::hash::ContentHash;
use tokio::time::timeout;

use super::kit::{Kit, PATIENCE, Partials};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changed_is_refused_and_looked_at_again() {
    let kit = Kit::start(&[("a.txt", b"first")], Partials::default()).await;
    let old = ContentHash::of(b"first");
    std::fs::write(kit.path("a.txt"), "second and longer").unwrap();
    let found = kit.slug(&format!("/content/{old}"), &[]).await;
    assert!(matches!(found.0, 409 | 404), "{found:?}");
    let new = ContentHash::of(b"second and longer");
    let mut changed = kit.share.watch();
    let seen = changed.wait_for(|_| kit.share.view().by_hash(&new).is_some());
    timeout(PATIENCE, seen)
        .await
        .expect("looked at again")
        .unwrap();
    let text = kit.get(&format!("/content/{new}"), &[]).await;
    assert_eq!(text.text().await.unwrap(), "second and longer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_written_to_under_its_old_time_and_size_is_not_served_as_what_it_was() {
    let kit = Kit::start(
        &[("a.txt", b"first"), ("b.txt", b"other")],
        Partials::default(),
    )
    .await;
    for (name, old, new, is_replaced) in [
        ("a.txt", "first", "FIRST", false),
        ("b.txt", "other", "OTHER", true),
    ] {
        let path = kit.path(name);
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let old_path = format!("/content/{}", ContentHash::of(old.as_bytes()));
        assert_eq!(kit.get(&old_path, &[]).await.status(), 200);
        if is_replaced {
            std::fs::remove_file(&path).unwrap();
        }
        std::fs::write(&path, new).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
        let found = kit.slug(&old_path, &[]).await;
        assert!(matches!(found.0, 409 | 404), "{found:?}");
        let hash = ContentHash::of(new.as_bytes());
        let mut changed = kit.share.watch();
        let seen = changed.wait_for(|_| kit.share.view().by_hash(&hash).is_some());
        timeout(PATIENCE, seen)
            .await
            .expect("looked at again")
            .unwrap();
        let text = kit.get(&format!("/content/{hash}"), &[]).await;
        assert_eq!(text.text().await.unwrap(), new);
        assert_eq!(kit.get(&old_path, &[]).await.status(), 404);
    }
}
