//! SQLite FTS5 with its trigram tokenizer, in memory.

use std::path::Path;

use rusqlite::Connection;

use crate::engine::{Engine, ROW_COUNT};
use crate::queries::Query;
use crate::records;

/// A filled database.
pub struct Sqlite(Connection);

/// Fills a table of names in one transaction and merges its index.
pub fn fill(corpus: &Path, has_folders: bool) -> anyhow::Result<(Sqlite, usize)> {
    let mut connection = Connection::open_in_memory()?;
    connection
        .execute_batch("CREATE VIRTUAL TABLE files USING fts5(name, tokenize = 'trigram')")?;
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare("INSERT INTO files (name) VALUES (?1)")?;
    let count = records::each(corpus, has_folders, |record| {
        insert.execute([&record.folded])?;
        Ok(())
    })?;
    drop(insert);
    transaction.commit()?;
    connection.execute_batch("INSERT INTO files (files) VALUES ('optimize')")?;
    Ok((Sqlite(connection), count))
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
        let text = format!("SELECT name FROM files WHERE name {condition} ?1 LIMIT {ROW_COUNT}");
        let mut statement = self.0.prepare_cached(&text).ok()?;
        let rows = statement.query_map([&pattern], |row| row.get::<_, String>(0));
        let rows: Result<Vec<String>, _> = rows.ok()?.collect();
        Some(rows.ok()?.len())
    }
}
