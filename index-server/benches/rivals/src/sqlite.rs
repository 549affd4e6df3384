//! SQLite FTS5 with its trigram tokenizer, in memory.

use std::hint::black_box;
use std::path::Path;

use rusqlite::Connection;

use crate::engine::{Answer, COUNTED_COUNT, Engine, ROW_COUNT};
use crate::queries::Query;
use crate::records;

/// A filled database.
pub struct Sqlite {
    connection: Connection,
    answer: Answer,
}

/// Fills a table of names in one transaction and merges its index.
pub fn fill(corpus: &Path, has_folders: bool, answer: Answer) -> anyhow::Result<(Sqlite, usize)> {
    let mut connection = Connection::open_in_memory()?;
    let columns = match answer {
        Answer::Rows => "name",
        Answer::Page => "name, downloads UNINDEXED",
    };
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE files USING fts5({columns}, tokenize = 'trigram')"
    ))?;
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare(match answer {
        Answer::Rows => "INSERT INTO files (name) VALUES (?1)",
        Answer::Page => "INSERT INTO files (name, downloads) VALUES (?1, ?2)",
    })?;
    let count = records::each(corpus, has_folders, |record| {
        match answer {
            Answer::Rows => insert.execute([&record.folded])?,
            Answer::Page => insert.execute((&record.folded, record.downloads.cast_signed()))?,
        };
        Ok(())
    })?;
    drop(insert);
    transaction.commit()?;
    connection.execute_batch("INSERT INTO files (files) VALUES ('optimize')")?;
    Ok((Sqlite { connection, answer }, count))
}

impl Engine for Sqlite {
    fn search(&self, query: &Query) -> Option<usize> {
        if query.is_ours_alone() || !query.has_trigrams() {
            return None;
        }
        let (condition, pattern) = if query.is_ending() {
            ("GLOB", format!("*.{}", query.text))
        } else {
            let quoted = query
                .needles()
                .into_iter()
                .map(|word| format!("\"{word}\""));
            ("MATCH", quoted.collect::<Vec<_>>().join(" AND "))
        };
        let found = format!("FROM files WHERE name {condition} ?1");
        let order = match self.answer {
            Answer::Rows => "",
            Answer::Page => "ORDER BY downloads DESC",
        };
        let text = format!("SELECT name {found} {order} LIMIT {ROW_COUNT}");
        let mut statement = self.connection.prepare_cached(&text).ok()?;
        let rows = statement.query_map([&pattern], |row| row.get::<_, String>(0));
        let rows: Result<Vec<String>, _> = rows.ok()?.collect();
        if self.answer == Answer::Page {
            let text = format!("SELECT count(*) FROM (SELECT 1 {found} LIMIT {COUNTED_COUNT})");
            let mut statement = self.connection.prepare_cached(&text).ok()?;
            let total = statement.query_row([&pattern], |row| row.get::<_, i64>(0));
            black_box(total.ok()?);
        }
        Some(rows.ok()?.len())
    }
}
