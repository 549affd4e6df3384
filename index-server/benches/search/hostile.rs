//! Queries that are made to be slow: many words, common letters, phrases that postings tell little
//! about, unwanted words, wide conditions in every order, and typing errors.

use std::time::{Duration, Instant};

use index_server::catalog::CatalogView;
use protocol::query::Query;
use protocol::search::{Order, SearchParams, Sort};

/// Prints how long the slowest of each kind took, and which that was.
pub fn run(view: &CatalogView, common: &[&str]) {
    println!("hostile queries, best of three each:");
    let mut all = Vec::new();
    for (kind, queries) in kinds(common) {
        let mut slowest = (Duration::ZERO, String::new());
        let mut dearest = (0.0, String::new());
        let mut cut_count = 0;
        let searches: Vec<SearchParams> = queries.iter().flat_map(|q| in_all_orders(q)).collect();
        for params in &searches {
            let (took, steps, is_cut) = measure(view, params);
            all.push(took);
            cut_count += usize::from(is_cut);
            let asked = || format!("{:?} {:?} {}", params.sort, params.order, params.q);
            if took > slowest.0 {
                slowest = (took, asked());
            }
            let step_ns = took.as_secs_f64() * 1e9 / steps as f64;
            if took > Duration::from_millis(1) && step_ns > dearest.0 {
                dearest = (step_ns, asked());
            }
        }
        let (took, asked) = slowest;
        println!(
            "{kind:>22}: {:>4} searches, {cut_count:>3} cut, worst {took:>8.1?} {asked:.60}",
            searches.len()
        );
        if dearest.0 > 0.0 {
            println!(
                "{:>22}  at most {:.0} ns a step: {:.60}",
                "", dearest.0, dearest.1
            );
        }
    }
    super::report("hostile", &all);
}

/// The best time of three, the steps counted, and whether the search was cut.
fn measure(view: &CatalogView, params: &SearchParams) -> (Duration, u64, bool) {
    let query = Query::parse(&params.q).unwrap_or_default();
    let ask = || {
        let started = Instant::now();
        let page = view.search_corrected(&query, params);
        let took = started.elapsed();
        page.map_or((took, 1, false), |page| (took, page.steps, page.is_cut))
    };
    let asked = (0..3).map(|_| ask());
    asked.min().unwrap_or_default()
}

/// The whole list once by relevance, the first of it in every other order too.
fn in_all_orders(q: &str) -> Vec<SearchParams> {
    let orders = [
        (Sort::Relevance, None),
        (Sort::Relevance, Some(Order::Asc)),
        (Sort::Filename, None),
        (Sort::Size, Some(Order::Asc)),
        (Sort::UploadTime, None),
    ];
    let search = |(sort, order)| SearchParams {
        q: q.to_owned(),
        sort,
        order,
        ..SearchParams::default()
    };
    orders.map(search).into()
}

type Kind = (&'static str, Vec<String>);

fn kinds(common: &[&str]) -> Vec<Kind> {
    let mut kinds = of_letters();
    kinds.extend(of_words(common));
    let conditions = [
        "size:>0",
        "size:>1M",
        "size:<1K",
        "ext:a,b,c,d,e,f,g,h,i,j,k",
        "ext:so,h,py,html",
        "owner:p",
        "owner:9",
        "category:other",
        "category:document size:>1K owner:1",
        "e owner:1 size:>0",
        "ext:tar.gz",
        "ext:1.so",
        "\".\"",
        "/",
        "_",
        "-_",
        ". -/",
        "-\"a a\"",
    ];
    kinds.push(("conditions", conditions.map(str::to_owned).into()));
    kinds
}

fn of_letters() -> Vec<Kind> {
    let letters: Vec<String> = ('a'..='z').chain('0'..='9').map(String::from).collect();
    let pairs = |between: &str| -> Vec<String> {
        let pair = |first: &String| {
            let seconds = letters.iter().step_by(4);
            let texts = seconds.map(|second| format!("\"{first}{between}{second}\""));
            texts.collect::<Vec<_>>()
        };
        letters.iter().step_by(3).flat_map(pair).collect()
    };
    let unwanted = pairs(" ")
        .iter()
        .map(|phrase| format!("-{phrase}"))
        .collect();
    let all = (1..26).map(|count| letters[..count].join(" "));
    let none = (1..36).map(|count| format!("-{}", letters[..count].join(" -")));
    let others = (1..26).map(|at| format!("{} -{}", letters[at], letters[..at].join(" -")));
    let long = ["a".repeat(256), "ab".repeat(128), "a ".repeat(128)];
    vec![
        ("one letter", letters.clone()),
        ("letters in a row", pairs("")),
        ("phrase of letters", pairs(" ")),
        ("phrase of three", pairs(" a ")),
        ("path of letters", pairs("/")),
        ("unwanted phrases", unwanted),
        ("all letters", all.collect()),
        ("no letters", none.collect()),
        ("one without others", others.collect()),
        ("256 letters", long.into()),
    ]
}

fn of_words(common: &[&str]) -> Vec<Kind> {
    let word = |number: usize| common[number % common.len()];
    let many = |from: usize, before: &str| -> String {
        let texts = (0..50).map(|at| format!("{before}{}", word(from + at * 7)));
        cut(&texts.collect::<Vec<_>>().join(" "))
    };
    let typed_wrong = |number: usize| {
        let text = word(number);
        let (start, end) = text.split_at(text.len() / 2);
        format!("{start}q{end}")
    };
    let all_wrong = |from: usize| {
        let texts = (0..20).map(|at| typed_wrong(from + at * 3));
        cut(&texts.collect::<Vec<_>>().join(" "))
    };
    let phrase = |at: usize| format!("\"{} {}\"", word(at), word(at * 3 + 1));
    let joint = |at: usize| {
        let (left, right) = (word(at), word(at * 5 + 2));
        format!("\"{}.{}\"", &left[left.len() - 2..], &right[..2])
    };
    vec![
        ("50 words", (0..40).map(|from| many(from, "")).collect()),
        (
            "50 unwanted words",
            (0..40).map(|from| many(from, "-")).collect(),
        ),
        ("common phrases", (0..60).map(phrase).collect()),
        ("word ends and starts", (0..60).map(joint).collect()),
        ("typed wrong", (0..200).map(typed_wrong).collect()),
        ("all typed wrong", (0..40).map(all_wrong).collect()),
    ]
}

/// As long as a query may be, in whole words.
fn cut(text: &str) -> String {
    let mut taken = String::new();
    for word in text.split(' ') {
        if taken.len() + word.len() + 1 > protocol::limits::QUERY_MAX_CHARS {
            break;
        }
        taken.push_str(if taken.is_empty() { "" } else { " " });
        taken.push_str(word);
    }
    taken
}
