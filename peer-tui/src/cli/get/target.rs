//! What a person means by a hash, an id or words.

use protocol::file::{ContentInfo, FileInfo};
use protocol::hash::ContentHash;
use protocol::ids::FileId;
use protocol::problem::Problem;
use protocol::query::Query;
use protocol::routes;
use protocol::search::SearchParams;

use crate::cli::search::{Searcher, check_query};
use crate::cli::trouble::{Exit, Trouble};
use crate::daemon::command::Action;
use crate::daemon::state::Reply;
use crate::fetch::Wish;

/// The content that `target` means: by hash, by id of a record, or the best match of words.
///
/// # Errors
/// 3 when there is none, 2 when the words are no query.
pub fn resolve(searcher: &mut Searcher, target: &str) -> Result<Wish, Trouble> {
    if let Ok(hash) = target.parse::<ContentHash>() {
        return Ok(wish_for_content(&content(searcher, hash)?));
    }
    if let Ok(id) = target.parse::<FileId>() {
        return Ok(wish_for_file(file(searcher, id)?));
    }
    check_query(target)?;
    check_wanted(target)?;
    let params = SearchParams {
        q: target.to_owned(),
        limit: 1,
        ..SearchParams::default()
    };
    let found = searcher.search(&params)?.results.into_iter().next();
    found
        .map(wish_for_file)
        .ok_or_else(|| Trouble::not_found(format!("nothing on this network matches `{target}`")))
}

/// Refuses a query that only says what is not wanted: any other file would be its best match.
fn check_wanted(target: &str) -> Result<(), Trouble> {
    let Ok(mut query) = Query::parse(target) else {
        return Ok(());
    };
    query.without_words.clear();
    query.without_phrases.clear();
    if !query.is_empty() {
        return Ok(());
    }
    Err(Trouble::usage(format!(
        "the query is `{target}`: it only says what is not wanted; a name that begins with `-` goes \
         in quotes, like '\"{}\"'",
        target.replace('"', "")
    )))
}

fn content(searcher: &mut Searcher, hash: ContentHash) -> Result<ContentInfo, Trouble> {
    match searcher {
        Searcher::Daemon(client) => match client.ask(Action::Content { hash })? {
            Reply::Content(info) => Ok(*info),
            _ => Err(Trouble::failed("the daemon answered something else")),
        },
        Searcher::Index(api, runtime) => runtime
            .block_on(api.content(&hash))?
            .ok_or_else(|| Trouble::not_found(format!("nobody on this network has {hash}"))),
    }
}

/// An id is asked of the index itself: a daemon knows contents, not records.
fn file(searcher: &mut Searcher, id: FileId) -> Result<FileInfo, Trouble> {
    let url = format!("{}{}", searcher.index()?, routes::file(&id));
    let unreachable = |error: reqwest::Error| Trouble {
        exit: Exit::IndexUnreachable,
        message: format!("ask the index: {error}"),
    };
    let runtime = crate::cli::runtime()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(unreachable)?;
        let answer = client.get(&url).send().await.map_err(unreachable)?;
        if answer.status().is_success() {
            return answer.json().await.map_err(unreachable);
        }
        let is_unknown = answer.status().as_u16() == 404;
        let detail = match answer.json::<Problem>().await {
            Ok(problem) => problem.detail,
            Err(_) => "the index answered something unexpected".to_owned(),
        };
        Err(Trouble {
            exit: if is_unknown {
                Exit::NotFound
            } else {
                Exit::Failed
            },
            message: detail,
        })
    })
}

fn wish_for_file(file: FileInfo) -> Wish {
    Wish {
        hash: file.hash,
        size_bytes: file.size,
        path: file.filename,
        save_as: None,
    }
}

fn wish_for_content(content: &ContentInfo) -> Wish {
    Wish {
        hash: content.hash,
        size_bytes: content.size,
        path: content
            .names
            .first()
            .cloned()
            .unwrap_or_else(|| content.hash.to_string()),
        save_as: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_exclusions_means_no_file() {
        let said = |target| check_wanted(target).err().map(|trouble| trouble.message);
        for target in ["-rf.txt", "-a -\"b c\""] {
            assert!(said(target).is_some_and(|said| said.contains("in quotes")));
        }
        for target in ["\"-rf.txt\"", "boat -red", "ext:iso -red", "x-ray"] {
            assert_eq!(said(target), None, "{target}");
        }
    }
}
