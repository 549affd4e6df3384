//! THE route table: every path of the contract, the methods it takes and who answers them.
//!
//! One boxed filter a resource. HEAD works wherever GET does, OPTIONS tells the methods, another
//! method is refused with them; a path that is not here is refused as not found.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Method};
use hyper::upgrade::OnUpgrade;
use protocol::routes::target_in;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, path};

use crate::command::Refusal;
use crate::http::body::RequestBody;
use crate::http::call::Call;
use crate::http::listener::Connection;
use crate::http::params::Params;
use crate::http::{
    App, batch, content, dashboard, digest, download, feed, files, metalink, nonces, openapi,
    operations, peers, problem, register, reply, search,
};

/// Answers every call of `table`, and refuses all others.
pub fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let known = table().into_iter();
    first_of(known.map(|(pattern, methods)| resource(app, pattern, methods)))
}

/// Every path; literal ones stand before those with a parameter in the same place, busy ones first.
pub(super) fn table() -> Vec<(&'static str, Methods)> {
    vec![
        ("/api/v1/files/search", get(search::search)),
        ("/api/v1/peers/heartbeat", post(peers::heartbeat)),
        ("/api/v1/files/batch", post(batch::batch)),
        ("/download/{file}", get(download::redirect)),
        ("/api/v1/files/register", post(files::register)),
        (
            "/api/v1/files/{file}",
            get(files::show).delete(files::withdraw),
        ),
        ("/api/v1/files/{file}/rating", post(files::rate)),
        ("/api/v1/content/lookup", post(content::lookup)),
        ("/api/v1/content/{hash}", get(content::show)),
        ("/content/{hash}.meta4", get(metalink::show)),
        ("/api/v1/peers", get(peers::list)),
        ("/api/v1/peers/register", post(register::register)),
        (
            "/api/v1/peers/{peer}",
            get(peers::show).delete(peers::leave),
        ),
        ("/api/v1/peers/{peer}/files", get(peers::files)),
        ("/api/v1/peers/{peer}/digest", get(digest::show)),
        ("/api/v1/peers/{peer}/report", post(peers::report)),
        ("/api/v1/nonce", get(nonces::nonce)),
        ("/api/v1/stats", get(operations::stats)),
        ("/api/v1/openapi.json", get(openapi::show)),
        ("/ws", get(feed::open)),
        ("/api/v1/ws", get(feed::open)),
        ("/healthz", get(operations::alive)),
        ("/readyz", get(operations::ready)),
        ("/metrics", get(operations::metrics)),
        ("/", get(dashboard::show)),
    ]
}

/// The pattern of the route that answered; travels with the answer, for the figures.
#[derive(Debug, Clone, Copy)]
pub struct RoutePattern(pub &'static str);

/// The first of these that takes the path; where none does, the path is not of the contract.
fn first_of(
    resources: impl DoubleEndedIterator<Item = BoxedFilter<(Response,)>>,
) -> BoxedFilter<(Response,)> {
    let none = warp::any().map(problem::not_found).boxed();
    resources
        .rev()
        .fold(none, |rest, one| one.or(rest).unify().boxed())
}

type Handling = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Handling + Send + Sync>;

/// A path that is read.
fn get<F, A>(handler: F) -> Methods
where
    F: Fn(Call) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, Refusal>> + Send + 'static,
{
    Methods::default().on(Method::GET, handler)
}

/// A path that something is sent to.
fn post<F, A>(handler: F) -> Methods
where
    F: Fn(Call) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response, Refusal>> + Send + 'static,
{
    Methods::default().on(Method::POST, handler)
}

/// Who answers which method of one path.
#[derive(Clone, Default)]
pub(super) struct Methods(Vec<(Method, Handler)>);

impl Methods {
    fn delete<F, A>(self, handler: F) -> Self
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        self.on(Method::DELETE, handler)
    }

    fn on<F, A>(mut self, method: Method, handler: F) -> Self
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |call| Box::pin(handler(call)));
        self.0.push((method, handler));
        self
    }

    /// Those that something stands behind.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &Method> {
        self.0.iter().map(|(method, _)| method)
    }

    /// HEAD is GET; hyper keeps the headers and leaves the body out.
    fn handler(&self, method: &Method) -> Option<Handler> {
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self.0.iter().find(|(method, _)| method == wanted);
        found.map(|(_, handler)| Arc::clone(handler))
    }

    fn allow(&self) -> HeaderValue {
        let mut names = Vec::new();
        for (method, _) in &self.0 {
            names.push(method.as_str());
            if method == Method::GET {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }

    async fn answer(&self, call: Call) -> Response {
        if call.method == Method::OPTIONS {
            let mut response = reply::nothing();
            response.headers_mut().insert(ALLOW, self.allow());
            return response;
        }
        match self.handler(&call.method) {
            Some(handler) => match handler(call).await {
                Ok(response) => response,
                Err(refusal) => problem::respond(&refusal),
            },
            None => problem::method_not_allowed(&call.method, self.allow()),
        }
    }
}

/// One path with all its methods.
fn resource(app: &Arc<App>, pattern: &'static str, methods: Methods) -> BoxedFilter<(Response,)> {
    let app = Arc::clone(app);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    target_of(pattern)
        .and(warp::method())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Connection>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .then(
            move |target: String,
                  method: Method,
                  query: String,
                  headers: HeaderMap,
                  connection: Connection,
                  upgrade: Option<OnUpgrade>,
                  body| {
                let read_bytes = app.metrics.request_bytes.clone();
                let call = Params::parse(&query).map(|params| Call {
                    app: Arc::clone(&app),
                    method,
                    target,
                    params,
                    headers,
                    connection,
                    body: RequestBody::new(body, read_bytes),
                    upgrade,
                });
                let methods = methods.clone();
                async move {
                    let mut response = match call {
                        Ok(call) => methods.answer(call).await,
                        Err(refusal) => problem::respond(&refusal),
                    };
                    response.extensions_mut().insert(RoutePattern(pattern));
                    response
                }
            },
        )
        .boxed()
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
