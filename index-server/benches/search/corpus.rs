//! Names to search through: from a file, or made up of words that are common or rare as in a
//! language.

use std::fmt::Write as _;

use super::index;

/// The first lines of a file.
pub fn read_paths(file: &str, count: usize) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("read {file}: {error}"));
    text.lines().take(count).map(str::to_owned).collect()
}

/// Paths of words that are common or rare as in a language.
pub fn made_up_paths(count: usize, random: &mut Random) -> Vec<String> {
    let syllables = [
        "ba", "ka", "ri", "to", "na", "mi", "lo", "se", "du", "ter", "ing", "lin", "pro", "con",
        "est", "ver", "al", "or", "un", "the", "sch", "ion", "gra", "fe", "x", "wy", "ze", "qu",
        "ho", "py",
    ];
    let words: Vec<String> = (0..60_000)
        .map(|rank: u64| {
            let parts = 2 + random.below(2 + u64::from(rank > 500) + u64::from(rank > 5_000));
            let pick = |_| syllables[index(random.below(syllables.len() as u64))];
            (0..parts).map(pick).collect()
        })
        .collect();
    let word = |random: &mut Random| words[random.zipf(words.len())].as_str();
    let endings = [
        "mp3", "html", "png", "so", "txt", "gz", "mkv", "iso", "pdf", "h", "py", "jpg",
    ];
    let folders: Vec<String> = (0..=count / 12)
        .map(|_| {
            let depth = 1 + random.below(4);
            let parts: Vec<String> = (0..depth).map(|_| word(random).to_owned()).collect();
            parts.join("/")
        })
        .collect();
    (0..count)
        .map(|_| {
            let mut path = format!("{}/", folders[random.zipf(folders.len())]);
            for part in 0..=random.below(4) {
                if part > 0 {
                    path.push(['-', '_', ' ', '.'][index(random.below(4))]);
                }
                path.push_str(word(random));
            }
            if random.below(3) == 0 {
                let _ = write!(path, "-{}", random.below(1_000));
            }
            if random.below(50) == 0 {
                path.push('é');
            }
            let _ = write!(path, ".{}", endings[random.zipf(endings.len())]);
            if random.below(20) == 0 {
                path = path.to_uppercase();
            }
            path
        })
        .collect()
}

/// Numbers that look random and are the same in every run (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Below `bound`, small ones more often: the n-th about one n-th as often as the first.
    pub fn zipf(&mut self, bound: usize) -> usize {
        let uniform = self.below(1 << 30) as f64 / f64::from(1 << 30);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative and below the bound, a usize"
        )]
        let rank = ((bound as f64).powf(uniform) - 1.0) as usize;
        rank.min(bound - 1)
    }
}
