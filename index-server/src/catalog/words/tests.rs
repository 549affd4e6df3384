//! Every stretch of a word is found, and nothing that does not hold it.

use super::*;

const NAMES: [&str; 6] = [
    "größe.txt",
    "a.b-c 東京.tar.gz",
    "linux",
    "linux-6.1.iso",
    "my linux.iso",
    "x",
];

fn words() -> Words {
    Words::of_names(NAMES.iter().copied(), 6)
}

fn found(text: &[u8], hold: Hold) -> Vec<Doc> {
    let words = words();
    let mut gather = Gather::default();
    let budget = Budget::new(u64::MAX);
    assert!(words.gather(Part { text, hold }, &mut gather, &budget));
    gather.finish(6).iter_from(0).collect()
}

fn texts(needle: &[u8], is_held: impl Fn(&[u8], &[u8]) -> bool) -> Vec<Doc> {
    let holds = |name: &&str| {
        let mut words = name.as_bytes().split(|byte| is_between_words(*byte));
        words.any(|word| is_held(word, needle))
    };
    let names = (0..).zip(&NAMES);
    names
        .filter(|(_, name)| holds(name))
        .map(|(doc, _)| doc)
        .collect()
}

#[test]
fn every_stretch_of_a_word_is_found_where_it_is() {
    let contains = |word: &[u8], needle: &[u8]| memmem::find(word, needle).is_some();
    for word in NAMES.iter().flat_map(|name| name.split(['.', '-', ' '])) {
        let word = word.as_bytes();
        for start in 0..word.len() {
            for end in start + 1..=word.len() {
                let text = &word[start..end];
                let ask = |hold| found(text, hold);
                assert_eq!(ask(Hold::Inside), texts(text, contains), "{text:?}");
                if std::str::from_utf8(text).is_ok() {
                    let starts = texts(text, <[u8]>::starts_with);
                    assert_eq!(ask(Hold::Start), starts, "{text:?}");
                    let is = texts(text, |word, text| word == text);
                    assert_eq!(ask(Hold::Whole), is, "{text:?}");
                }
                if text.len() > 1 {
                    let ends = texts(text, <[u8]>::ends_with);
                    assert_eq!(ask(Hold::End), ends, "{text:?}");
                }
            }
        }
    }
    assert!(found(b"qq", Hold::Inside).is_empty());
    assert!(found(b"linuxx", Hold::Inside).is_empty());
}

#[test]
fn the_start_of_a_name_and_a_name_of_one_word_are_told_apart() {
    let words = words();
    let docs = |posting: Posting<'_>| posting.to_set().iter_from(0).collect::<Vec<_>>();
    assert_eq!(docs(words.with_only(b"linux")), [2]);
    assert_eq!(docs(words.with_only("größe".as_bytes())), [0]);
    for start in [b"li".as_slice(), b"linux"] {
        let mut gather = Gather::default();
        assert!(words.gather_first(start, &mut gather, &Budget::new(u64::MAX)));
        assert_eq!(gather.finish(6).iter_from(0).collect::<Vec<_>>(), [2, 3]);
    }
}

#[test]
fn what_the_budget_does_not_reach_for_is_said() {
    let words = words();
    for text in [b"li".as_slice(), b"lin", b"l", b"linux"] {
        for hold in [Hold::Inside, Hold::Start, Hold::Whole] {
            let budget = Budget::new(0);
            let is_reached = words.gather(Part { text, hold }, &mut Gather::default(), &budget);
            assert!(!is_reached, "{text:?} {hold:?}");
        }
    }
}

#[test]
fn a_needle_is_cut_where_words_end() {
    let cut = |needle: &'static str| {
        let parts = parts(needle.as_bytes()).map(|part| (part.text, part.hold));
        parts.collect::<Vec<_>>()
    };
    assert_eq!(cut("abc"), [(b"abc".as_slice(), Hold::Inside)]);
    let expected = [
        (b"a".as_slice(), Hold::End),
        (b"b", Hold::Whole),
        (b"c", Hold::Start),
    ];
    assert_eq!(cut("a.b-c"), expected);
    assert_eq!(cut(".a/"), [(b"a".as_slice(), Hold::Whole)]);
    assert_eq!(cut("--"), []);
}

#[test]
fn a_word_of_several_dictionaries_is_one_word_of_the_merged_one() {
    // So many that most grams are in few of them, which are lists and not bits.
    let names: Vec<String> = (0..300).map(|number| format!("w{number:03}x")).collect();
    let names = || names.iter().map(String::as_str);
    let (one, other) = (Words::of_names(names(), 300), Words::of_names(names(), 300));
    let moved: [Vec<Doc>; 2] = [(0..300).collect(), (300..600).collect()];
    let merged = merge(&[(&one, &moved[0]), (&other, &moved[1])], 600);
    let built = Words::of_names(names().chain(names()), 600);
    let all = |words: &Words| -> Vec<(Gram, Vec<Doc>)> {
        let grams = words.grams.keys().iter().enumerate();
        let numbers = |index| words.grams.at(index).to_set().iter_from(0).collect();
        grams.map(|(index, gram)| (*gram, numbers(index))).collect()
    };
    assert_eq!(merged.docs.keys(), built.docs.keys());
    assert_eq!(all(&merged), all(&built));
}
