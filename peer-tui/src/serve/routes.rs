//! THE route table of a peer: every path and who answers it.
//!
//! One boxed filter a path. Everything is read (GET, HEAD, OPTIONS).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use protocol::problem::Problem;
use protocol::routes::target_in;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, path};

use super::call::{App, Call};
use super::listener::connection::Connection;
use super::{bytes, content, contents, feed, operations, reply};

/// Every path.
pub fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let at = |pattern, handler: Handler| resource(app, pattern, handler);
    let table = [
        at("/content/{hash}", on(bytes::by_content)),
        at("/download/{file}", on(bytes::by_id)),
        at("/download", on(bytes::by_name)),
        at(protocol::routes::CONTENTS, on(contents::many)),
        at("/content/{hash}/pieces", on(content::pieces)),
        at("/content/{hash}/have", on(content::have)),
        at("/healthz", on(operations::alive)),
        at("/api/v1/files", on(operations::files)),
        at("/api/v1/files/search", on(operations::search)),
        at("/api/v1/stats", on(operations::stats)),
        at("/metrics", on(operations::metrics)),
        at("/.well-known/peerdex/proof", on(operations::proof)),
        at("/ws", on(feed::open)),
    ];
    let rest = warp::any().map(reply::not_found).boxed();
    table
        .into_iter()
        .rev()
        .fold(rest, |rest, one| one.or(rest).unify().boxed())
}

type Handling = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Handling + Send + Sync>;

fn on<F, A>(handler: F) -> Handler
where
    F: Fn(Call) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    Arc::new(move |call| Box::pin(handler(call)))
}

fn resource(app: &Arc<App>, pattern: &'static str, handler: Handler) -> BoxedFilter<(Response,)> {
    let app = Arc::clone(app);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    target_of(pattern)
        .and(warp::method())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Connection>())
        .and(warp::ext::optional::<OnUpgrade>())
        .then(
            move |target: String,
                  method: Method,
                  query: String,
                  headers: HeaderMap,
                  connection: Connection,
                  upgrade: Option<OnUpgrade>| {
                let call = Call {
                    app: Arc::clone(&app),
                    method,
                    target,
                    query,
                    headers,
                    connection,
                    upgrade,
                };
                let handler = Arc::clone(&handler);
                async move { answer(pattern, &handler, call).await }
            },
        )
        .boxed()
}

async fn answer(pattern: &'static str, handler: &Handler, call: Call) -> Response {
    let app = Arc::clone(&call.app);
    let response = if call.method == Method::OPTIONS {
        reply::options()
    } else if call.method == Method::GET || call.method == Method::HEAD {
        match handler(call).await {
            Ok(response) => response,
            Err(problem) => reply::problem(&problem),
        }
    } else {
        reply::method_not_allowed(&call.method)
    };
    app.metrics
        .count_request(pattern, response.status().as_u16());
    response
}

/// Takes paths of this pattern; yields what stands in place of its `{...}`, if it has one.
fn target_of(
    pattern: &'static str,
) -> impl Filter<Extract = (String,), Error = Rejection> + Clone + Send + Sync + 'static {
    path::full().and_then(move |full: FullPath| {
        let target = target_in(pattern, full.as_str());
        std::future::ready(target.ok_or_else(warp::reject::not_found))
    })
}
