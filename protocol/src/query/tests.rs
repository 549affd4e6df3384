//! What each form of the grammar means, and that no text is too odd for it.

use proptest::prelude::*;

use super::*;

const HEX: &str = "9f2cA1b09f2cA1b09f2cA1b09f2cA1b09f2cA1b09f2cA1b09f2cA1b09f2cA1b0";

/// The query in a canonical text: what would have to be typed to say the same plainly.
fn plain(query: &Query) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |prefix: &str, list: &[CompactString]| {
        parts.extend(list.iter().map(|text| format!("{prefix}{text}")));
    };
    add("", &query.words);
    add("\"", &query.phrases);
    add("-", &query.without_words);
    add("-\"", &query.without_phrases);
    add("ext:", &query.extensions);
    add("tag:", &query.tags);
    add("owner:", &query.owners);
    parts.extend(
        query
            .categories
            .iter()
            .map(|category| format!("category:{category}")),
    );
    parts.extend(query.min_size.map(|bytes| format!("min:{bytes}")));
    parts.extend(query.max_size.map(|bytes| format!("max:{bytes}")));
    parts.extend(query.hash.map(|hash| format!("hash:{hash}")));
    parts.join(" ")
}

fn check(text: &str, expected: &str) {
    match Query::parse(text) {
        Ok(query) => assert_eq!(plain(&query), expected, "{text:?}"),
        Err(error) => panic!("{text:?} is refused: {error}"),
    }
}

fn check_refused(text: &str, expected: &str) {
    match Query::parse(text) {
        Ok(query) => panic!("{text:?} is taken as {query:?}"),
        Err(error) => assert!(error.message.contains(expected), "{text:?}: {error}"),
    }
}

#[test]
fn words_and_phrases() {
    check("", "");
    check("  Debian   ISO ", "debian iso");
    check("debian-13.1 debian-13.1", "debian-13.1");
    check("\"Linux Kernel\" x", "x \"linux kernel");
    check("\"linux_kernel-6.1\"", "\"linux kernel 6 1");
    check("-beta -\"Old Stuff\" x", "x -beta -\"old stuff");
    check("--beta", "-beta");
    check("a\"b c\"d", "a d \"b c");
    check("foo:bar http://x 12:30", "foo:bar http://x 12:30");
    check("\"\" \u{301}", "");
    check("\" . \" -\"_\"", "\"    -\" ");
}

#[test]
fn the_words_of_a_text_are_known_by_their_places() {
    let text = " a -b \"c d\" é.f\"g\"size:>1 -- foo:bar owner:\"x y\" z";
    let words: Vec<&str> = words(text).into_iter().map(|range| &text[range]).collect();
    assert_eq!(words, ["a", "é.f", "foo:bar", "z"]);
}

#[test]
fn a_query_still_being_typed_is_no_error() {
    for text in [
        "-", "--", "\"", "-\"", "size:", "size:>", "size:>=", "size:..", "ext:", "ext:,",
    ] {
        check(text, "");
    }
    check("a tag: owner:\"", "a");
    check("hash: category:", "");
    check("\"linux ker ", "\"linux ker");
    check("size:1..", "min:1");
    check("owner:\"Lena's b", "owner:lena's b");
}

#[test]
fn conditions() {
    check("ext:ISO,.img", "ext:iso ext:img");
    check("EXT:tar.gz", "ext:tar.gz");
    check(
        "category:Video,audio category:video",
        "category:video category:audio",
    );
    check("tag:Linux,größe", "tag:linux tag:grosse");
    check("owner:\"Lena's Box\",bob x", "x owner:lena's box owner:bob");
    check(
        &format!("hash:{HEX} x"),
        &format!("x hash:{}", HEX.to_lowercase()),
    );
    check(
        &format!("hash:{HEX} hash:{HEX}"),
        &format!("hash:{}", HEX.to_lowercase()),
    );
    check(HEX, &format!("hash:{}", HEX.to_lowercase()));
    check(&format!("{HEX} x"), &format!("{} x", HEX.to_lowercase()));
}

#[test]
fn sizes() {
    check("size:>1G", "min:1073741825");
    check("size:>=1G", "min:1073741824");
    check("size:<10M", "max:10485759");
    check("size:<=700MB", "max:700000000");
    check("size:1M..2G", "min:1048576 max:2147483648");
    check("size:1.5K", "min:1536 max:1536");
    // 4.7 GiB are 5,046,586,572.8 bytes.
    check("size:<4.7G", "max:5046586572");
    check("size:<=4.7G", "max:5046586572");
    check("size:>4.7G", "min:5046586573");
    check("size:>=4.7G", "min:5046586573");
    check("size:4.7G..", "min:5046586573");
    check("size:..4.7G", "max:5046586572");
    check("size:<0.1", "max:0");
    check("size:>1K size:<1M size:>2K", "min:2049 max:1048575");
    check("size:>2K size:>1K size:<1K size:<1M", "min:2049 max:1023");
    check("size:..0", "max:0");
    check("size:1M..1M", "min:1048576 max:1048576");
}

#[test]
fn a_bad_value_says_what_would_be_right() {
    check_refused("category:vidoe", "audio video image");
    check_refused("size:big", "write a number with K, M, G or T");
    check_refused("size:<0", "no file has such a size");
    check_refused("size:>18446744073709551615", "no file has such a size");
    check_refused("size:2G..1G", "smaller size first");
    check_refused("size:=>1", "compare with one of");
    check_refused("size:99999999999T", "larger than any file");
    check_refused("hash:123", "64 hex digits");
    check_refused(
        &format!("hash:{HEX} hash:{}", "0".repeat(64)),
        "at most one hash",
    );
    check_refused("-ext:iso", "not `ext:`");
}

#[test]
fn a_query_is_bounded() {
    check(&"a".repeat(256), &"a".repeat(256));
    check_refused(&"ä".repeat(257), "256 characters");
    let letters: Vec<String> = ('a'..='z').chain('α'..='ω').map(String::from).collect();
    let folded = letters.join(" ").replace('ς', "σ").replacen("σ σ", "σ", 1);
    check(&letters.join(" "), &folded);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "([-\"a<>=.:, é]|size:|ext:|owner:|1G|\\PC){0,60}") {
        if let Ok(query) = Query::parse(&text) {
            prop_assert!(!query.words.iter().any(CompactString::is_empty));
        }
    }

    #[test]
    fn plain_words_come_back_folded(words in proptest::collection::vec("[a-z0-9._éß]{1,8}", 0..8)) {
        let query = Query::parse(&words.join(" ")).expect("plain words are a query");
        for word in &words {
            prop_assert!(query.words.contains(&fold(word)));
        }
        prop_assert!(query.words.len() <= words.len());
    }
}
