//! The table of figures, out of the lines that the engines' processes print.

use std::fmt::Write as _;

use anyhow::Context as _;

use crate::queries::{CLASSES, Query};

/// The figures of one engine.
#[derive(Default)]
pub struct Column {
    count: u64,
    rate: u64,
    memory: u64,
    throughput: Option<u64>,
    /// (nanoseconds, rows) by query; nothing where it cannot answer.
    took: Vec<Option<(u64, u64)>>,
}

impl Column {
    /// Reads what an engine's process printed.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let mut column = Self::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields.as_slice() {
                ["count", number] => column.count = number.parse()?,
                ["rate", number] => column.rate = number.parse()?,
                ["memory", number] => column.memory = number.parse()?,
                ["qps", number] => column.throughput = Some(number.parse()?),
                ["took", "-", _] => column.took.push(None),
                ["took", took, rows] => column.took.push(Some((took.parse()?, rows.parse()?))),
                _ => return Err(anyhow::anyhow!("an engine printed {line:?}")),
            }
        }
        column.took.first().context("an engine answered nothing")?;
        Ok(column)
    }

    /// p50 and p99 in microseconds over the queries that `is_wanted` and that it answers.
    fn quantiles(&self, is_wanted: impl Fn(usize) -> bool) -> Option<(f64, f64)> {
        let took = self.took.iter().enumerate();
        let wanted = took.filter(|(number, _)| is_wanted(*number));
        let mut took: Vec<u64> = wanted.filter_map(|(_, t)| t.map(|(ns, _)| ns)).collect();
        took.sort_unstable();
        let last = took.len().checked_sub(1)?;
        let at = |hundredths: usize| took[(last * hundredths).div_ceil(100)] as f64 / 1_000.0;
        Some((at(50), at(99)))
    }
}

/// The table, the first column being what the others are compared with.
pub fn markdown(engines: &[&str], queries: &[Query], columns: &[Column]) -> String {
    let mut text = format!("{} records\n\n", columns[0].count);
    let _ = writeln!(
        text,
        "| p50 / p99 in us (ratio to ours) | {} |",
        engines.join(" | ")
    );
    let _ = writeln!(text, "|---|{}", "---|".repeat(engines.len()));
    for class in CLASSES {
        row(&mut text, class, columns, |number| {
            queries[number].class == class
        });
    }
    let is_shared = |number: usize| columns.iter().all(|column| column.took[number].is_some());
    row(&mut text, "**all that all can answer**", columns, is_shared);
    let mut figures = |name: &str, figure: &dyn Fn(&Column) -> Option<u64>| {
        let cells = columns.iter().map(|column| match figure(column) {
            Some(number) => number.to_string(),
            None => "-".to_owned(),
        });
        let cells: Vec<String> = cells.collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    };
    figures("queries/s, 2 threads", &|column| column.throughput);
    figures("records taken in a second", &|column| Some(column.rate));
    figures("bytes a record, resident", &|column| Some(column.memory));
    let scan = columns.last();
    figures("answers with other row counts than the scan", &|column| {
        let pairs = column.took.iter().zip(&scan?.took);
        let both = pairs.filter_map(|(a, b)| Some((a.as_ref()?.1, b.as_ref()?.1)));
        Some(both.filter(|(a, b)| a != b).count() as u64)
    });
    text
}

fn row(text: &mut String, name: &str, columns: &[Column], is_wanted: impl Fn(usize) -> bool) {
    let ours = columns[0].quantiles(&is_wanted);
    let _ = write!(text, "| {name} |");
    for (number, column) in columns.iter().enumerate() {
        let _ = match (column.quantiles(&is_wanted), ours) {
            (Some((p50, p99)), Some(ours)) if number > 0 => write!(
                text,
                " {p50:.0} / {p99:.0} ({:.1}x / {:.1}x) |",
                p50 / ours.0,
                p99 / ours.1
            ),
            (Some((p50, p99)), _) => write!(text, " {p50:.0} / {p99:.0} |"),
            (None, _) => write!(text, " - |"),
        };
    }
    text.push('\n');
}
