//! Swarms on shaped links, with the programs as they are installed, in network namespaces that are
//! made and removed here (root): `cargo bench -p peer-tui --bench swarm [-- CASE...]`.
//!
//! The cases are `choice`, `four`, `kill`, `liar`, `crash`, `crowd` and `leave`; without any, all of
//! them. Each is measured against the bound that its links set. Build both programs first
//! (`cargo build --release`). `RUNS=N` sets how often each is run (the median counts), `TRACE=1` shows
//! what each box sent, second by second.

mod cases;
mod choice;
mod liar;
mod net;
mod programs;
mod rivals;
mod swarm;
mod switch;
mod tap;

/// What may fail here: anything, said in words.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, index, told] = words.as_slice()
        && word == liar::WORD
    {
        return liar::run(index, told);
    }
    let named = words.iter().filter(|word| !word.starts_with('-'));
    let named: Vec<&str> = named.map(String::as_str).collect();
    let _allowed = net::Allowed::make()?;
    let is_wanted = |name: &str| named.is_empty() || named.contains(&name);
    for (name, case) in cases::ALL {
        if is_wanted(name) {
            case()?;
        }
    }
    Ok(())
}
