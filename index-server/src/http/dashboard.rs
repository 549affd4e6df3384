//! GET `/`: the page of `assets/dashboard` for browsers, a few lines of text for everybody else.
//!
//! The page lives in one answer and takes nothing from elsewhere; its policy names its style and
//! its script by their hashes, so that no name of a stranger can ever run.

use std::sync::LazyLock;

use data_encoding::BASE64;
use http::HeaderValue;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::uri::Authority;
use sha2::{Digest, Sha256};
use warp::reply::Response;

use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::{operations, reply};

static PAGE: LazyLock<String> = LazyLock::new(assets::dashboard);

/// GET `/`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    let mut response = if wants_page(&call) {
        page(&call)?
    } else {
        operations::welcome(&call)
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Browsers ask for HTML by name; curl takes anything.
fn wants_page(call: &Call) -> bool {
    call.header(ACCEPT.as_str()).is_some_and(takes_html)
}

/// Whether an `Accept` (RFC 9110, section 12.5.1) names HTML and does not rule it out.
fn takes_html(accept: &str) -> bool {
    accept.split(',').any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let is_html = parts
            .next()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("q")
                .then(|| value.parse::<f32>().ok())
        });
        is_html && weight.flatten() != Some(0.0)
    })
}

fn page(call: &Call) -> Result<Response, Refusal> {
    let mut response = reply::text("text/html; charset=utf-8", PAGE.as_str());
    let policy = HeaderValue::from_str(&policy(call.header("host")));
    let policy = policy.map_err(|_| crate::http::files::unexpected())?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// Nothing but what stands in the page, and calls of the index itself. Browsers do not agree on
/// whether `'self'` holds for sockets, so that one is named; an address in IPv6 cannot be (none of
/// them reads it), and is left to `'self'`.
fn policy(host: Option<&str>) -> String {
    static HASHES: LazyLock<[String; 2]> =
        LazyLock::new(|| [assets::DASHBOARD_STYLE, assets::DASHBOARD_SCRIPT].map(hash));
    let [style, script] = &*HASHES;
    let socket = host
        .and_then(|host| host.parse::<Authority>().ok())
        .filter(|host| !host.host().starts_with('['))
        .map(|host| {
            let port = host.port().map(|port| format!(":{port}"));
            format!(" ws://{}{}", host.host(), port.unwrap_or_default())
        })
        .unwrap_or_default();
    format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; connect-src \
         'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_for_who_names_it_and_does_not_rule_it_out() {
        for taken in [
            "text/html",
            "TEXT/HTML",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "*/*, text/html ; Q=0.1",
        ] {
            assert!(takes_html(taken), "{taken}");
        }
        for refused in [
            "*/*",
            "text/html;q=0",
            "text/html; q=0.000",
            "text/htmlx",
            "",
        ] {
            assert!(!takes_html(refused), "{refused}");
        }
    }

    #[test]
    fn a_host_in_ipv6_is_left_to_self() {
        let policy = policy(Some("[::1]:7070"));
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }

    #[test]
    fn the_policy_lets_in_what_stands_in_the_page_and_one_host() {
        let policy = policy(Some("user@attic:7070"));
        assert!(
            policy.contains("connect-src 'self' ws://attic:7070;"),
            "{policy}"
        );
        for tag in ["style", "script"] {
            let (_, rest) = PAGE.split_once(&format!("<{tag}>")).unwrap();
            let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
            let (_, rest) = policy.split_once(&format!("{tag}-src ")).unwrap();
            assert!(rest.starts_with(&format!("{};", hash(text))), "{policy}");
        }
        for taken in ["'unsafe", "http:", "https:", "*"] {
            assert!(!policy.contains(taken), "{policy}");
        }
    }
}
