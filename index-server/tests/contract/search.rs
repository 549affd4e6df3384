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

#[tokio::test]
async fn a_typing_error_is_corrected_and_said_and_the_next_page_goes_on_with_it() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    for number in 1..4 {
        let path = format!("trip/holiday {number}.jpg");
        lab.share(&peer, &path, &path).await;
    }
    let search = "/api/v1/files/search?q=trip%20holidy&limit=2";
    let first = lab.get(search).await;
    assert_eq!(
        (&first["corrected"], &first["total"]),
        (&json!("trip holiday"), &json!(3))
    );
    let cursor = text(&first["next_cursor"]);
    let second = lab.get(&format!("{search}&cursor={cursor}")).await;
    assert_eq!(
        (&second["corrected"], &second["count"]),
        (&json!("trip holiday"), &json!(1))
    );
    assert!(second["next_cursor"].is_null());
    // In quotes it is meant as it is written; what is found at once is not corrected.
    let literal = lab.get("/api/v1/files/search?q=%22holidy%22").await;
    assert_eq!(
        (&literal["corrected"], &literal["total"]),
        (&json!(null), &json!(0))
    );
    let exact = lab.get("/api/v1/files/search?q=holiday").await;
    assert!(
        exact["corrected"].is_null() && exact["cut"].is_null(),
        "{exact}"
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn a_query_of_fifty_words_is_answered() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let words: Vec<String> = (10..60).map(|number| format!("w{number}")).collect();
    let path = format!("{}.txt", words.join(" "));
    lab.share(&peer, &path, "fifty").await;
    let mut words = words;
    words.reverse();
    let search = format!("/api/v1/files/search?q={}", words.join("%20"));
    let page = lab.get(&search).await;
    assert_eq!(
        (&page["total"], &page["results"][0]["path"]),
        (&json!(1), &json!(path))
    );
    lab.server.stop().await;
}
