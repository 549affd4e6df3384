//! `peer-tui search QUERY`: through the daemon, or straight at the index when none runs.

use protocol::limits::SEARCH_LIMIT_MAX_COUNT;
use protocol::query::Query;
use protocol::search::{Order, SearchParams, SearchResponse, Sort};

use super::args::{SearchArgs, SortArg};
use super::print::{self, name, size};
use super::table::{self, Column, Row};
use super::trouble::Trouble;
use crate::config::{Config, Layers};
use crate::daemon::client::{Client, ClientError};
use crate::daemon::command::Action;
use crate::daemon::memory::Memory;
use crate::daemon::state::Reply;
use crate::discover;
use crate::index_client::{IndexApi, IndexUrl};

/// Pages that the index ended before they were full, until no more is asked for: a second of its
/// work.
const CUT_PAGES_MAX_COUNT: usize = 100;

/// Where searches go.
pub enum Searcher {
    /// A daemon.
    Daemon(Client),
    /// The index itself, on a runtime of this command.
    Index(Box<IndexApi>, tokio::runtime::Runtime),
}

impl Searcher {
    /// The daemon of these settings, else the index that they or an earlier start name, else one that
    /// is found.
    ///
    /// # Errors
    /// When there is neither.
    pub fn find(layers: &Layers) -> Result<Self, Trouble> {
        let config = Config::from_layers(layers)?;
        match Client::connect(&config.data) {
            Ok(client) => return Ok(Self::Daemon(client)),
            Err(ClientError::NoDaemon { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let runtime = super::runtime()?;
        let url = index_of(&config, &runtime)?;
        let api = {
            let _inside = runtime.enter();
            Box::new(IndexApi::new(url)?)
        };
        Ok(Self::Index(api, runtime))
    }

    /// Searches.
    ///
    /// # Errors
    /// When the index does not answer or refuses the query.
    pub fn search(&mut self, params: &SearchParams) -> Result<SearchResponse, Trouble> {
        match self {
            Self::Daemon(client) => {
                let params = Box::new(params.clone());
                match client.ask(Action::Search { params })? {
                    Reply::Found(found) => Ok(*found),
                    _ => Err(Trouble::failed("the daemon answered something else")),
                }
            }
            Self::Index(api, runtime) => Ok(runtime.block_on(api.search(params))?),
        }
    }

    /// The index.
    ///
    /// # Errors
    /// When the daemon does not know one yet.
    pub fn index(&mut self) -> Result<String, Trouble> {
        match self {
            Self::Daemon(client) => match client.ask(Action::Status)? {
                Reply::Status(status) if !status.header.index.is_empty() => Ok(status.header.index),
                _ => Err(Trouble::failed("the daemon is still looking for an index")),
            },
            Self::Index(api, _) => Ok(api.url().as_str().to_owned()),
        }
    }
}

fn index_of(config: &Config, runtime: &tokio::runtime::Runtime) -> Result<IndexUrl, Trouble> {
    let remembered = || Memory::open(&config.data).ok()?.get().index.clone();
    let named = config.index.clone().or_else(remembered);
    let url = match named {
        Some(url) => url,
        None => match runtime.block_on(discover::find()) {
            Some(found) => found.url,
            None => {
                return Err(Trouble {
                    exit: super::trouble::Exit::IndexUnreachable,
                    message: "no daemon runs and no index was found: name one before the command, \
                              like `peer-tui 192.168.1.5:7070 search WORDS`"
                        .to_owned(),
                });
            }
        },
    };
    url.parse()
        .map_err(|error: crate::index_client::UrlError| Trouble::usage(error.to_string()))
}

/// Runs the command.
///
/// # Errors
/// 4 when the index does not answer, 2 when the query does not read, 3 when nothing matches.
pub fn run(layers: &Layers, search: &SearchArgs, json: bool) -> Result<(), Trouble> {
    if search.limit == 0 {
        return Err(Trouble::usage("--limit is `0`: write at least 1"));
    }
    let typed = search.query.join(" ");
    check_query(&typed)?;
    let found = look(&mut Searcher::find(layers)?, search)?;
    if json {
        print::json(&found);
    }
    if found.results.is_empty() {
        return Err(Trouble::not_found(if found.cut {
            format!("too many names to look through for `{typed}`: more letters or words find it")
        } else {
            format!("nothing on this network matches `{typed}`")
        }));
    }
    if json {
        return Ok(());
    }
    if let Some(corrected) = &found.corrected {
        print::note(&format!(
            "nothing for `{typed}`: showing `{}` (in \"quotes\" it stays as typed)",
            name(corrected)
        ));
    }
    let columns = [
        Column::Name,
        Column::Whole,
        Column::Whole,
        Column::Name,
        Column::Spare,
    ];
    let head = ["NAME", "SIZE", "SOURCES", "OWNER", "HASH"];
    let mut rows = vec![head.map(str::to_owned).to_vec().into()];
    rows.extend(found.results.iter().map(|file| {
        Row::from(vec![
            name(&file.path),
            size(file.size),
            file.sources.to_string(),
            name(&file.owner_name),
            file.hash.to_string(),
        ])
    }));
    table::print(&columns, rows);
    let shown = found.results.len() as u64;
    if found.total > shown {
        let least = if found.total_is_exact {
            ""
        } else {
            "at least "
        };
        print::note(&format!(
            "{shown} of {least}{} matches: {}",
            found.total,
            if found.cut {
                "more letters or words find the rest"
            } else {
                "--limit shows more"
            }
        ));
    }
    Ok(())
}

/// Refuses a query that no index reads, before anybody is asked.
///
/// # Errors
/// 2, with what would be right.
pub fn check_query(typed: &str) -> Result<(), Trouble> {
    match Query::parse(typed) {
        Ok(_) => Ok(()),
        Err(error) => Err(Trouble::usage(format!("the query is `{typed}`: {error}"))),
    }
}

/// As many pages as the limit takes, as one answer.
fn look(searcher: &mut Searcher, search: &SearchArgs) -> Result<SearchResponse, Trouble> {
    let sort = sort(search.sort);
    let order = search.reverse.then(|| match sort.default_order() {
        Order::Asc => Order::Desc,
        Order::Desc => Order::Asc,
    });
    let mut params = SearchParams {
        q: search.query.join(" "),
        sort,
        order,
        limit: search.limit.min(SEARCH_LIMIT_MAX_COUNT),
        ..SearchParams::default()
    };
    let mut found = searcher.search(&params)?;
    let mut cut_pages = usize::from(found.cut);
    while found.results.len() < search.limit && cut_pages < CUT_PAGES_MAX_COUNT {
        let Some(cursor) = found.next_cursor.take() else {
            break;
        };
        params.cursor = Some(cursor);
        params.limit = (search.limit - found.results.len()).min(SEARCH_LIMIT_MAX_COUNT);
        let page = searcher.search(&params)?;
        cut_pages += usize::from(page.cut);
        found.results.extend(page.results);
        (found.cut, found.next_cursor) = (page.cut, page.next_cursor);
    }
    found.count = found.results.len();
    if found.next_cursor.is_none() {
        // The end: whatever the index counted, these are all.
        (found.total, found.total_is_exact, found.cut) = (found.count as u64, true, false);
    } else if found.cut {
        found.total = found.total.max(found.count as u64 + 1);
    }
    Ok(found)
}

const fn sort(sort: SortArg) -> Sort {
    match sort {
        SortArg::Relevance => Sort::Relevance,
        SortArg::Filename => Sort::Filename,
        SortArg::Size => Sort::Size,
        SortArg::Downloads => Sort::Downloads,
        SortArg::Rating => Sort::Rating,
        SortArg::UploadTime => Sort::UploadTime,
    }
}
