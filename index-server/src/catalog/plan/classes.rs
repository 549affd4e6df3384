//! How the words of a question meet the names of a layer's documents, told by postings: a set for
//! each class of match.

use std::cell::OnceCell;

use super::{Asker, Plan};
use crate::catalog::docs::{DocSet, Gather};
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;
use crate::catalog::words::{self, Part, Words};

/// The documents of a plan by how they meet the words. Each set holds all documents of its class
/// and of better ones; it is made when it is asked for, since a page is mostly full before.
#[derive(Debug)]
pub struct Classes<'s, 'v> {
    asker: &'s Asker<'v>,
    plan: &'s Plan<'v>,
    whole: OnceCell<DocSet<'v>>,
    start: OnceCell<DocSet<'v>>,
    word_start: OnceCell<DocSet<'v>>,
    in_name: OnceCell<DocSet<'v>>,
    /// Whether `word_start` and `in_name` hold nothing else.
    is_certain: bool,
    /// Whether `whole` and `start` hold nothing else.
    is_start_certain: bool,
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

impl<'s, 'v> Classes<'s, 'v> {
    /// The documents of `plan` by class.
    pub fn new(asker: &'s Asker<'v>, plan: &'s Plan<'v>) -> Self {
        let mut needles = asker.question.needles();
        Self {
            asker,
            plan,
            whole: OnceCell::new(),
            start: OnceCell::new(),
            word_start: OnceCell::new(),
            in_name: OnceCell::new(),
            is_certain: needles.all(words::is_part_of_a_word),
            is_start_certain: words::is_part_of_a_word(&asker.question.joined),
        }
    }

    /// Those that may be of `class`.
    pub fn of(&self, class: Match) -> &DocSet<'v> {
        match class {
            Match::Whole => self.whole.get_or_init(|| self.find_whole()),
            Match::Start => self.start.get_or_init(|| self.find_start()),
            Match::WordStart => self.word_start.get_or_init(|| self.find_word_start()),
            Match::Inside => self.in_name.get_or_init(|| self.find_in_name()),
            Match::Folder => &self.plan.set,
        }
    }

    /// Those of [`Self::of`] that are not known to be of a better class.
    pub fn only(&self, class: Match) -> DocSet<'v> {
        let better = match class {
            Match::Whole => None,
            Match::Start => self.is_start_certain.then_some(Match::Whole),
            Match::WordStart => self.is_start_certain.then_some(Match::Start),
            Match::Inside => self.is_certain.then_some(Match::WordStart),
            Match::Folder => self.is_certain.then_some(Match::Inside),
        };
        let own = self.of(class).clone();
        match better {
            Some(better) => own.without(self.of(better)),
            None => own,
        }
    }

    /// Whether the postings alone tell that a document of [`Self::only`] is of this class;
    /// otherwise its text must be looked at.
    pub fn is_told(&self, class: Match, doc: Doc) -> bool {
        self.plan.is_certain
            && match class {
                Match::Whole | Match::Start => self.is_start_certain,
                _ if self.is_start_certain => self.is_certain,
                _ => self.is_certain && !self.of(Match::Start).contains(doc),
            }
    }

    /// The first part of the words, where they start with one.
    fn first(&self) -> Option<Part<'s>> {
        let joined: &'s [u8] = &self.asker.question.joined;
        let first = words::parts(joined).next()?;
        joined.starts_with(first.text).then_some(first)
    }

    fn find_whole(&self) -> DocSet<'v> {
        match self.first() {
            Some(first) if self.is_start_certain => {
                let only = self.words().with_only(first.text).to_set();
                only.within(&self.plan.set)
            }
            _ => self.of(Match::Start).clone(),
        }
    }

    fn find_start(&self) -> DocSet<'v> {
        let Some(first) = self.first() else {
            return self.plan.set.clone();
        };
        if !self.is_start_certain {
            let starts = self.words().with_first(first.text).to_set();
            let mut set = starts.within(&self.plan.set);
            for part in words::parts(&self.asker.question.joined).skip(1) {
                let mut next = Gather::default();
                self.words().gather(part, &mut next);
                set = set.within(&next.finish(self.doc_count()));
            }
            return set;
        }
        let mut starts = Gather::default();
        self.words().gather_first(first.text, &mut starts);
        starts.finish(self.doc_count()).within(&self.plan.set)
    }

    fn find_word_start(&self) -> DocSet<'v> {
        let mut set = self.plan.set.clone();
        for needle in self.asker.question.needles() {
            let first = words::parts(needle).next();
            let Some(first) = first.filter(|first| needle.starts_with(first.text)) else {
                continue;
            };
            let mut starts = Gather::default();
            self.words().gather(at_start_of_word(first), &mut starts);
            set = set.within(&starts.finish(self.doc_count()));
        }
        set
    }

    fn find_in_name(&self) -> DocSet<'v> {
        let mut set = self.plan.set.clone();
        for part in self.asker.question.needles().flat_map(words::parts) {
            let mut holding = Gather::default();
            self.words().gather(part, &mut holding);
            set = set.within(&holding.finish(self.doc_count()));
        }
        set
    }

    fn words(&self) -> &'v Words {
        self.asker.layer.segment.name_words()
    }

    fn doc_count(&self) -> Doc {
        self.asker.layer.segment.complete_count()
    }
}
