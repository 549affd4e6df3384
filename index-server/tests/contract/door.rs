//! Who is turned away before any call is looked at: pages of other origins, foreign names, proxies.

use protocol::problem::Slug;

use crate::kit::Lab;
use crate::routes::{JSON, check};

#[tokio::test]
async fn web_pages_of_others_and_names_of_others_are_turned_away() {
    let lab = Lab::open().await;
    let own = lab.addr().to_string();
    let own_page = format!("http://{own}");
    let register = "POST /api/v1/peers/register";
    let body = "{\"port\":7071}";
    let evil = ("origin", "http://evil.example");
    check(
        &lab,
        register,
        &[JSON, evil],
        body,
        Err(Slug::ForbiddenOrigin),
    )
    .await;
    check(
        &lab,
        register,
        &[JSON, ("origin", "null")],
        body,
        Err(Slug::ForbiddenOrigin),
    )
    .await;
    check(
        &lab,
        register,
        &[JSON, ("origin", &own_page)],
        body,
        Ok(200),
    )
    .await;
    check(&lab, "GET /ws", &[evil], "", Err(Slug::ForbiddenOrigin)).await;
    check(&lab, "GET /api/v1/stats", &[evil], "", Ok(200)).await;
    let rebound = ("host", "evil.example");
    check(
        &lab,
        "GET /api/v1/stats",
        &[rebound],
        "",
        Err(Slug::ForbiddenHost),
    )
    .await;
    check(
        &lab,
        register,
        &[JSON, rebound],
        body,
        Err(Slug::ForbiddenHost),
    )
    .await;
    check(
        &lab,
        "GET /api/v1/stats",
        &[("host", "localhost")],
        "",
        Ok(200),
    )
    .await;
    let proxied = ("x-forwarded-for", "8.8.8.8");
    check(
        &lab,
        "GET /api/v1/stats",
        &[proxied],
        "",
        Err(Slug::ForwardedRefused),
    )
    .await;
    lab.server.stop().await;
}
