//! How the words of a question meet the names of a layer's documents, told by postings: a set for
//! each class of match.

use std::cell::{Cell, OnceCell, RefCell};

use rustc_hash::FxHashMap;

use super::names::{self, Names};
use super::{Asker, Plan};
use crate::catalog::docs::{DocSet, Gather};
use crate::catalog::matcher::Scratch;
use crate::catalog::rank::Match;
use crate::catalog::segment::Doc;
use crate::catalog::words::{self, Part, Words};

/// Of so many documents each is looked at rather than the order of names.
const LOOKED_AT_MAX_COUNT: u64 = if cfg!(test) { 3 } else { 256 };

/// The documents of a plan by how they meet the words. Each set holds all documents of its class
/// and of better ones; it is made when it is asked for, since a page is mostly full before.
#[derive(Debug)]
pub struct Classes<'s, 'v> {
    asker: &'s Asker<'v>,
    plan: &'s Plan<'v>,
    whole: OnceCell<DocSet<'s>>,
    start: OnceCell<DocSet<'s>>,
    word_start: OnceCell<DocSet<'s>>,
    in_name: OnceCell<DocSet<'s>>,
    /// Those with the first of several words at the start of their name, where they are so few that
    /// all are looked at.
    few_first: OnceCell<Option<DocSet<'s>>>,
    /// The order of names, as far as it tells of several words.
    names: OnceCell<Option<Names<'v>>>,
    /// Whether `word_start` and `in_name` hold nothing else.
    is_certain: bool,
    /// Whether `whole` holds nothing else.
    is_whole_certain: bool,
    /// Whether the order of names tells all of `start`.
    is_start_ordered: bool,
    /// Whether a set holds others too since the budget did not reach for it.
    is_cut: Cell<bool>,
    /// How documents whose text was looked at meet the question: the sets of two classes may hold
    /// the same ones.
    looked_at: RefCell<FxHashMap<Doc, Option<Match>>>,
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
            few_first: OnceCell::new(),
            names: OnceCell::new(),
            is_certain: needles.all(words::is_part_of_a_word),
            is_whole_certain: words::is_part_of_a_word(&asker.question.joined),
            is_start_ordered: !asker.question.has_split_words
                && names::tells_start(&asker.question.joined),
            is_cut: Cell::new(false),
            looked_at: RefCell::default(),
        }
    }

    /// Who asked.
    pub const fn asker(&self) -> &'s Asker<'v> {
        self.asker
    }

    /// All of them.
    pub const fn plan(&self) -> &'s Plan<'v> {
        self.plan
    }

    /// Those that may be of `class`.
    pub fn of(&self, class: Match) -> &DocSet<'s> {
        match class {
            Match::Whole => self.whole.get_or_init(|| self.find_whole()),
            Match::Start => self.start.get_or_init(|| self.find_start()),
            Match::WordStart => self.word_start.get_or_init(|| self.find_word_start()),
            Match::Inside => self.in_name.get_or_init(|| self.find_in_name()),
            Match::Folder => &self.plan.set,
        }
    }

    /// Those of [`Self::of`] that are not known to be of a better class.
    pub fn only(&self, class: Match) -> DocSet<'_> {
        let better = match class {
            Match::Whole => None,
            Match::Start => self.is_whole_certain.then_some(Match::Whole),
            Match::WordStart => self.is_start_certain().then_some(Match::Start),
            Match::Inside => self.is_certain.then_some(Match::WordStart),
            Match::Folder => self.is_certain.then_some(Match::Inside),
        };
        let own = self.of(class).borrowed();
        match better.map(|better| self.of(better)) {
            Some(better) if !self.is_cut.get() => own.without(better),
            _ => own,
        }
    }

    /// Whether the postings alone tell that a document of [`Self::only`] is of this class;
    /// otherwise its text must be looked at.
    pub fn is_told(&self, class: Match, doc: Doc) -> bool {
        self.plan.is_certain
            && !self.is_cut.get()
            && match class {
                Match::Whole => self.is_whole_certain,
                Match::Start if self.is_whole_certain => true,
                Match::Start => self.is_start_certain() && !self.of(Match::Whole).contains(doc),
                _ if self.is_start_certain() => self.is_certain,
                _ => self.is_certain && !self.of(Match::Start).contains(doc),
            }
    }

    /// How a document meets the question, told by its text, which is read once.
    pub fn look(&self, doc: Doc, scratch: &mut Scratch) -> Option<Match> {
        let mut looked_at = self.looked_at.borrow_mut();
        let class = looked_at.entry(doc);
        *class.or_insert_with(|| self.asker.meet(doc, scratch))
    }

    /// How a document meets the question, where that is as one of `worst` or better; makes no set of
    /// a class that is worse.
    pub fn class_within(&self, doc: Doc, worst: Match, scratch: &mut Scratch) -> Option<Match> {
        let asker = self.asker;
        if !asker.question.is_classed {
            return (self.plan.is_met(asker, doc, scratch)).then_some(Match::Whole);
        }
        let mut classes = Match::ALL.into_iter().take_while(|class| *class <= worst);
        let class = classes.find(|class| self.of(*class).contains(doc))?;
        if self.is_told(class, doc) {
            return (self.plan.is_met_by_columns(asker, doc)).then_some(class);
        }
        self.look(doc, scratch).filter(|own| *own <= worst)
    }

    /// Whether the set of [`Match::Start`] holds nothing else.
    fn is_start_certain(&self) -> bool {
        self.is_whole_certain || self.is_start_ordered && self.few_first().is_none()
    }

    /// Those that may be of the best two classes, where they are few.
    fn few_first(&self) -> Option<&DocSet<'s>> {
        let few = self.few_first.get_or_init(|| {
            let joined = &self.asker.question.joined;
            let first = words::parts(joined).next()?;
            if !joined.starts_with(first.text) {
                return None;
            }
            let held = self.words().with_first(first.text, self.asker.budget)?;
            let set = held.to_set().within(&self.plan.set);
            let is_few = set.is_at_most(LOOKED_AT_MAX_COUNT);
            is_few.then(|| DocSet::list(set.iter_from(0).collect()))
        });
        few.as_ref()
    }

    fn find_whole(&self) -> DocSet<'s> {
        let joined = &self.asker.question.joined;
        if self.is_whole_certain {
            return self
                .words()
                .with_only(joined)
                .to_set()
                .within(&self.plan.set);
        }
        if let Some(few) = self.few_first() {
            return few.clone();
        }
        self.named(|names| names.being(joined))
    }

    fn find_start(&self) -> DocSet<'s> {
        let joined = &self.asker.question.joined;
        if !self.is_whole_certain {
            if let Some(few) = self.few_first() {
                return few.clone();
            }
            let named = self.named(|names| names.starting(joined));
            return match words::parts(joined).last() {
                // The order of names does not tell how its last number goes on, its words do.
                Some(last) if !self.is_start_ordered => {
                    self.within_words(named, at_start_of_word(last))
                }
                _ => named,
            };
        }
        let mut starts = Gather::default();
        let budget = self.asker.budget;
        let is_reached = self.words().gather_first(joined, &mut starts, budget);
        self.cut(self.plan.set.borrowed(), starts, is_reached)
    }

    /// What of the plan the order of names tells.
    fn named(&self, docs: impl Fn(&Names<'v>) -> Option<DocSet<'v>>) -> DocSet<'s> {
        let (segment, budget) = (&self.asker.layer.segment, self.asker.budget);
        let joined = &self.asker.question.joined;
        let names = (self.names).get_or_init(|| Names::new(segment, joined, budget));
        if let Some(told) = names.as_ref().and_then(docs) {
            return told.within(&self.plan.set);
        }
        self.is_cut.set(true);
        self.plan.set.borrowed()
    }

    /// What of `set` was gathered.
    fn cut(&self, set: DocSet<'s>, gather: Gather<'v>, is_reached: bool) -> DocSet<'s> {
        let doc_count = self.doc_count();
        if is_reached && self.asker.budget.afford(gather.steps(doc_count)) {
            return set.within(&gather.finish(doc_count));
        }
        self.is_cut.set(true);
        set
    }

    fn find_word_start(&self) -> DocSet<'s> {
        let mut set = self.plan.set.borrowed();
        for needle in self.asker.question.needles() {
            let first = words::parts(needle).next();
            let Some(first) = first.filter(|first| needle.starts_with(first.text)) else {
                continue;
            };
            set = self.within_words(set, at_start_of_word(first));
        }
        set
    }

    fn find_in_name(&self) -> DocSet<'s> {
        let mut set = self.plan.set.borrowed();
        for part in self.asker.question.needles().flat_map(words::parts) {
            set = self.within_words(set, part);
        }
        set
    }

    /// What of `set` has a word in its name that holds `part`.
    fn within_words(&self, set: DocSet<'s>, part: Part<'_>) -> DocSet<'s> {
        let mut holding = Gather::default();
        let budget = self.asker.budget;
        let is_reached = self.words().gather(part, &mut holding, budget);
        self.cut(set, holding, is_reached)
    }

    fn words(&self) -> &'v Words {
        self.asker.layer.segment.name_words()
    }

    fn doc_count(&self) -> Doc {
        self.asker.layer.segment.complete_count()
    }
}
