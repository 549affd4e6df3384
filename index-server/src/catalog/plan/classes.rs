//! How the words of a question meet the names of a layer's documents, told by postings: a set for
//! each class of match.

use super::{Asker, Plan};
use crate::catalog::docs::{DocSet, Gather};
use crate::catalog::matcher::{Scratch, is_between_words};
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;
use crate::catalog::words::{self, Part};

/// The documents of a plan by how they meet the words. Each set holds all documents of its class
/// and of better ones.
#[derive(Debug)]
pub struct Classes<'v> {
    whole: DocSet<'v>,
    start: DocSet<'v>,
    word_start: DocSet<'v>,
    in_name: DocSet<'v>,
    /// Whether `word_start` and `in_name` hold nothing else.
    is_certain: bool,
    /// Whether `whole` and `start` hold nothing else.
    is_start_certain: bool,
}

impl<'v> Asker<'v> {
    /// The documents of `plan` by class.
    pub fn classes(&self, plan: &Plan<'v>) -> Classes<'v> {
        let words = self.layer.segment.name_words();
        let doc_count = self.layer.segment.complete_count();
        let mut is_certain = true;
        let mut in_name = plan.set.clone();
        let mut word_starts: Vec<DocSet<'v>> = Vec::new();
        for needle in self.question.needles() {
            is_certain &= words::is_part_of_a_word(needle);
            let mut starts = Gather::default();
            for (index, part) in words::parts(needle).enumerate() {
                let mut holding = Gather::default();
                words.gather(part, &mut holding);
                in_name = in_name.within(&holding.finish(doc_count));
                if index == 0 && !is_between_words(needle[0]) {
                    words.gather(at_start_of_word(part), &mut starts);
                    word_starts.push(std::mem::take(&mut starts).finish(doc_count));
                }
            }
        }
        let word_start =
            (word_starts.iter()).fold(in_name.clone(), |set, starts| set.within(starts));
        let (whole, start, is_start_certain) = self.at_start(&in_name);
        Classes {
            whole,
            start,
            word_start,
            in_name,
            is_certain,
            is_start_certain,
        }
    }

    /// Of `in_name`: what may be the words, its ending aside; what may start with them; and whether
    /// that is certain.
    fn at_start(&self, in_name: &DocSet<'v>) -> (DocSet<'v>, DocSet<'v>, bool) {
        let words = self.layer.segment.name_words();
        let doc_count = self.layer.segment.complete_count();
        let joined = &self.question.joined;
        let mut parts = words::parts(joined);
        let first = parts
            .next()
            .filter(|_| joined.first().is_some_and(|byte| !is_between_words(*byte)));
        let Some(first) = first else {
            return (in_name.clone(), in_name.clone(), false);
        };
        if words::is_part_of_a_word(joined) {
            let mut starts = Gather::default();
            words.gather_first(first.text, &mut starts);
            let start = in_name.clone().within(&starts.finish(doc_count));
            let whole = in_name
                .clone()
                .within(&words.with_only(first.text).to_set());
            return (whole, start, true);
        }
        let start = in_name
            .clone()
            .within(&words.with_first(first.text).to_set());
        (start.clone(), start, false)
    }
}

/// How a part at the start of a needle is held where the needle starts a word.
fn at_start_of_word(part: Part<'_>) -> Part<'_> {
    use words::Hold;
    let hold = match part.hold {
        Hold::Inside | Hold::Start => Hold::Start,
        Hold::End | Hold::Whole => Hold::Whole,
    };
    Part { hold, ..part }
}

impl<'v> Classes<'v> {
    /// Those that may be of `class`.
    pub fn of(&self, class: Match) -> Option<&DocSet<'v>> {
        match class {
            Match::Whole => Some(&self.whole),
            Match::Start => Some(&self.start),
            Match::WordStart => Some(&self.word_start),
            Match::Inside => Some(&self.in_name),
            Match::Folder => None,
        }
    }

    /// The class of a document that certainly meets the question.
    pub fn class_of(&self, asker: &Asker<'_>, doc: Doc, scratch: &mut Scratch) -> Option<Match> {
        if !self.is_certain || self.start.contains(doc) && !self.is_start_certain {
            return asker.meet(doc, scratch);
        }
        Some(if self.whole.contains(doc) {
            Match::Whole
        } else if self.start.contains(doc) {
            Match::Start
        } else if self.word_start.contains(doc) {
            Match::WordStart
        } else if self.in_name.contains(doc) {
            Match::Inside
        } else {
            Match::Folder
        })
    }
}
