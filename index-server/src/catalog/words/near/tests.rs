//! What is found near a word is what one error makes, whichever way it is looked for.

use super::*;

/// All texts one error away, made the plain way, of letters a to c.
fn errors(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut all = Vec::new();
    for at in 0..=letters.len() {
        for letter in ['a', 'b', 'c'] {
            let mut more = letters.clone();
            more.insert(at, letter);
            all.push(more);
            if at < letters.len() {
                let mut wrong = letters.clone();
                wrong[at] = letter;
                all.push(wrong);
            }
        }
        if at < letters.len() {
            let mut fewer = letters.clone();
            fewer.remove(at);
            all.push(fewer);
        }
        if at + 1 < letters.len() {
            let mut swapped = letters.clone();
            swapped.swap(at, at + 1);
            all.push(swapped);
        }
    }
    let texts = all.into_iter().map(|letters| letters.iter().collect());
    let mut all: Vec<String> = texts.filter(|error: &String| error != word).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn texts(length: u32) -> impl Iterator<Item = String> {
    (0..3_usize.pow(length)).map(move |number| {
        let letter = |at| ['a', 'b', 'c'][number / 3_usize.pow(at) % 3];
        (0..length).map(letter).collect()
    })
}

fn near_reading(words: &Words, word: &str, start: usize, end: usize) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let max = ReadMax { start, end };
    words.near_reading(word, max, &Budget::new(u64::MAX), |near| {
        all.push((near.text, near.whole.is_some()));
    });
    all.sort_unstable();
    all
}

fn near(words: &Words, word: &str) -> Vec<(String, bool)> {
    near_reading(words, word, READ_MAX.start, READ_MAX.end)
}

#[test]
fn what_is_near_is_what_one_error_makes() {
    for (length, every) in [(5, 5), (5, 31), (6, 7), (6, 97), (7, 151)] {
        let names: Vec<String> = (length - 1..=length + 1).flat_map(texts).collect();
        // Some of them: not each start of a word is a word.
        let names: Vec<&str> = names.iter().map(String::as_str).step_by(every).collect();
        let words = Words::of_names(names.iter().copied(), 10_000);
        for word in texts(length).step_by(7 * every.min(20) / 5) {
            let mut expected: Vec<(String, bool)> = errors(&word)
                .into_iter()
                // What the word itself starts with an added end holds the word.
                .filter(|error| !error.starts_with(&word))
                .filter(|error| names.iter().any(|name| name.starts_with(error.as_str())))
                .map(|error| {
                    let is_whole = names.contains(&error.as_str());
                    (error, is_whole)
                })
                .collect();
            expected.sort_unstable();
            for (start, end) in [(0, 0), (8, 0), (0, 1_000), (8, 24), (1_000, 1_000)] {
                let found = near_reading(&words, &word, start, end);
                assert_eq!(found, expected, "{word} of each {every}th, {start} {end}");
            }
        }
    }
}

#[test]
fn letters_of_any_alphabet_stand_for_one_another() {
    let words = Words::of_names(["елка большая.jpg", "größe.pdf", "größer"].into_iter(), 3);
    let expected = |text: &str| vec![(text.to_owned(), true)];
    assert_eq!(near(&words, "болшая"), expected("большая"));
    assert_eq!(
        near(&words, "größee"),
        [("größe".to_owned(), true), ("größer".to_owned(), true)]
    );
    assert_eq!(near(&words, "grösse"), []);
}

#[test]
fn a_small_budget_ends_it() {
    let words = Words::of_names(["cabbac"].into_iter(), 1);
    let budget = Budget::new(20);
    words.near("cabbba", &budget, |_| {});
    assert!(budget.is_spent());
}
