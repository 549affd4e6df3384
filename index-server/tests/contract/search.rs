//! Search over HTTP: what a row shows of the record that was found.

use serde_json::json;

use crate::kit::{Lab, text};

#[tokio::test]
async fn a_file_found_by_an_older_name_of_it_is_shown_under_that_name() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let id = lab.share(&peer, "linux/debian 12.iso", "same bytes").await;
    lab.share(&peer, "copies/netinst.iso", "same bytes").await;
    for (word, path) in [
        ("debian", "linux/debian 12.iso"),
        ("netinst", "copies/netinst.iso"),
    ] {
        let page = lab.get(&format!("/api/v1/files/search?q={word}")).await;
        let row = &page["results"][0];
        assert_eq!((&page["count"], text(&row["id"])), (&json!(1), id.clone()));
        let filename = path.rsplit('/').next();
        assert_eq!(
            (row["filename"].as_str(), row["path"].as_str()),
            (filename, Some(path)),
            "{word}"
        );
    }
    lab.server.stop().await;
}
