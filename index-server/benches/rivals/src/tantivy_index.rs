//! tantivy with trigrams of the folded names, in memory, merged to one segment.

use std::hint::black_box;
use std::path::Path;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Query as TantivyQuery, TermQuery};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::tokenizer::NgramTokenizer;
use tantivy::{DocAddress, Index, Order, Searcher, TantivyDocument, Term};

use crate::engine::{Answer, Engine, ROW_COUNT};
use crate::queries::{Query, TRIGRAM};
use crate::records;

/// Bytes that the writer may hold.
const WRITER_BYTES: usize = 200_000_000;

/// A searcher over all documents.
pub struct Tantivy {
    searcher: Searcher,
    name: Field,
    answer: Answer,
}

/// Fills an index, commits once and merges.
pub fn fill(corpus: &Path, has_folders: bool, answer: Answer) -> anyhow::Result<(Tantivy, usize)> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("trigrams")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let options = TextOptions::default().set_indexing_options(indexing);
    let options = match answer {
        Answer::Rows => options,
        Answer::Page => options.set_stored(),
    };
    let name = schema.add_text_field("name", options);
    let downloads = schema.add_u64_field("downloads", FAST);
    let index = Index::create_in_ram(schema.build());
    let trigrams = NgramTokenizer::new(TRIGRAM, TRIGRAM, false)?;
    index.tokenizers().register("trigrams", trigrams);
    let mut writer = index.writer_with_num_threads(2, WRITER_BYTES)?;
    let count = records::each(corpus, has_folders, |record| {
        let mut document = TantivyDocument::default();
        document.add_text(name, &record.folded);
        document.add_u64(downloads, record.downloads);
        writer.add_document(document)?;
        Ok(())
    })?;
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.wait_merging_threads()?;
    let searcher = index.reader()?.searcher();
    let tantivy = Tantivy {
        searcher,
        name,
        answer,
    };
    Ok((tantivy, count))
}

impl Engine for Tantivy {
    fn search(&self, query: &Query) -> Option<usize> {
        if query.is_ours_alone() || !query.has_trigrams() {
            return None;
        }
        let mut terms = Vec::new();
        for needle in query.needles() {
            let letters: Vec<char> = needle.chars().collect();
            for trigram in letters.windows(TRIGRAM) {
                let text: String = trigram.iter().collect();
                terms.push(Term::from_field_text(self.name, &text));
            }
        }
        terms.sort();
        terms.dedup();
        let asked = terms.into_iter().map(|term| -> Box<dyn TantivyQuery> {
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        });
        let asked = BooleanQuery::intersection(asked.collect());
        let top = TopDocs::with_limit(ROW_COUNT).order_by_u64_field("downloads", Order::Desc);
        match self.answer {
            Answer::Rows => Some(self.searcher.search(&asked, &top).ok()?.len()),
            Answer::Page => {
                let (rows, total) = self.searcher.search(&asked, &(top, Count)).ok()?;
                black_box(total);
                let names = rows.iter().map(|(_, address)| self.name_of(*address));
                Some(names.collect::<Option<Vec<String>>>()?.len())
            }
        }
    }
}

impl Tantivy {
    fn name_of(&self, address: DocAddress) -> Option<String> {
        let document: TantivyDocument = self.searcher.doc(address).ok()?;
        Some(document.get_first(self.name)?.as_str()?.to_owned())
    }
}
