//! Clusters whose columns terminals count each in its own way, seen on terminals that do.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::*;

const WIDTH: u16 = 40;
const HEIGHT: u16 = 4;

/// How many columns a terminal gives to a cluster.
type Counting = fn(&str) -> usize;

const COUNTINGS: [(&str, Counting); 4] = [
    ("as the layout does", |cluster| cluster.width().max(1)),
    ("code point by code point", |cluster| {
        cluster
            .chars()
            .map(|character| character.width().unwrap_or(0))
            .sum()
    }),
    ("at most two", |cluster| cluster.width().clamp(1, 2)),
    ("each code point", |cluster| cluster.chars().count()),
];

/// A column: what covers it, and in which frame that was drawn.
type Column = (String, usize);

/// As much of a terminal as the backend needs, with a counting of its own.
struct Odd {
    counting: Counting,
    columns: Vec<Vec<Column>>,
    x: usize,
    y: usize,
    frame: usize,
}

impl Odd {
    fn new(counting: Counting) -> Self {
        let row = vec![(" ".to_owned(), 0); usize::from(WIDTH)];
        Self {
            counting,
            columns: vec![row; usize::from(HEIGHT)],
            x: 0,
            y: 0,
            frame: 0,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.frame += 1;
        let text = std::str::from_utf8(bytes).expect("text");
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence
                    .find(|last: char| ('@'..='~').contains(&last))
                    .expect("a sequence ends");
                self.obey(&sequence[..end], &sequence[end..=end]);
                rest = &sequence[end + 1..];
                continue;
            }
            let printed = rest.split(['\x1b', '\r', '\n', '\x08']).next();
            let printed = printed.unwrap_or_default();
            if printed.is_empty() {
                self.control(&rest[..1]);
                rest = &rest[1..];
                continue;
            }
            printed
                .graphemes(true)
                .for_each(|cluster| self.print(cluster));
            rest = &rest[printed.len()..];
        }
    }

    fn control(&mut self, control: &str) {
        match control {
            "\r" => self.x = 0,
            "\n" => self.y += 1,
            _ => self.x = self.x.saturating_sub(1),
        }
    }

    fn obey(&mut self, parameters: &str, end: &str) {
        let mut numbers = parameters
            .split(';')
            .map(|number| number.parse().unwrap_or(1_usize));
        let first = numbers.next().unwrap_or(1);
        let blank = (" ".to_owned(), self.frame);
        match end {
            "H" => {
                self.y = first - 1;
                self.x = numbers.next().unwrap_or(1) - 1;
            }
            "A" => self.y -= first,
            "B" => self.y += first,
            "C" => self.x += first,
            "D" => self.x -= first,
            "K" => self.columns[self.y][self.x..].fill(blank),
            "J" => self
                .columns
                .iter_mut()
                .for_each(|row| row.fill(blank.clone())),
            _ => {}
        }
    }

    fn print(&mut self, cluster: &str) {
        for _ in 0..(self.counting)(cluster) {
            let last = usize::from(WIDTH) - 1;
            self.columns[self.y][self.x.min(last)] = (cluster.to_owned(), self.frame);
            self.x = (self.x + 1).min(last);
        }
    }

    /// Every cluster starts where the layout put it, and nothing else is seen.
    fn check(&self, lines: &[&str], told: &str) {
        for (y, line) in lines.iter().enumerate() {
            let mut x = 0;
            for cluster in line.graphemes(true) {
                let end = (x + cluster.width().max(1)).min(usize::from(WIDTH));
                let row = &self.columns[y][x..end];
                assert_eq!(row[0].0, cluster, "{told}: row {y} column {x} of {line:?}");
                let is_clean = row.iter().all(|(text, _)| text == cluster || text == " ");
                assert!(is_clean, "{told}: {row:?} in {line:?}");
                x = end;
            }
            let rest = &self.columns[y][x..];
            assert!(
                rest.iter().all(|(text, _)| text == " "),
                "{told}: {rest:?} after {line:?}"
            );
        }
    }
}

const FRAMES: [&[&str]; 6] = [
    &[
        "राष्ट्र लक्ष्मी राष्ट्र.txt   12 KiB   3",
        "plain.txt            1 KiB    1",
        "ৰাষ্ট্ৰ.txt          2 KiB     1",
        "\u{1100}\u{1100}\u{1100}\u{1100}\u{ac01}.txt  3 KiB",
    ],
    &[
        "राष्ट्र लक्ष्मी राष्ट्र.txt   12 KiB   4",
        "plain.txt            1 KiB    1",
        "ab.txt                        7",
        "\u{1100}\u{1100}\u{ac01}xy.txt  3 KiB",
    ],
    &["", "no file matches", "", ""],
    &[
        "👩\u{200d}👩\u{200d}👧 picture.jpg   4 MiB   1",
        "क्\u{200d}ष.txt  e\u{301}te\u{301}.txt",
        "กำ.txt  \u{1f1e6} flag",
        "文書.txt ▸",
    ],
    &["a", "क्\u{200d}ष.txt  ete.txt", "กำ.txt  flag", "文.txt ▸"],
    &["", "", "", ""],
];

#[test]
fn no_terminal_keeps_letters_of_a_cluster_that_it_counts_its_own_way() {
    for (told, counting) in COUNTINGS {
        let mut screen = screen(WIDTH, HEIGHT);
        let mut odd = Odd::new(counting);
        for lines in FRAMES {
            let writes = draw(&mut screen, |buffer| {
                for (y, line) in (0..).zip(lines) {
                    buffer.set_string(0, y, line, Style::new());
                }
            });
            odd.feed(&writes.concat());
            odd.check(lines, told);
        }
    }
}

#[test]
fn a_row_without_such_clusters_is_drawn_in_part() {
    let mut screen = screen(WIDTH, HEIGHT);
    let line = |figure: &'static str| {
        move |buffer: &mut Buffer| {
            buffer.set_string(0, 0, "Größe 文書.txt ▸", Style::new());
            buffer.set_string(30, 0, figure, Style::new());
        }
    };
    draw(&mut screen, line("62%"));
    let writes = draw(&mut screen, line("63%"));
    assert!(writes.concat().len() < 12, "{writes:?}");
}

#[test]
fn the_colour_of_the_chosen_row_goes_through_what_a_cluster_may_leave_open() {
    let mut screen = screen(WIDTH, HEIGHT);
    let writes = draw(&mut screen, |buffer| {
        buffer.set_string(0, 0, "ष्ट्र", Style::new().bg(Color::Blue));
    });
    let text = String::from_utf8(writes.concat()).expect("text");
    let blanks = " ".repeat("ष्ट्र".width());
    assert!(text.contains(&format!("44m{blanks}")), "{text:?}");
}
