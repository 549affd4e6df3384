//! Frames to bytes, looked at byte by byte and through a terminal.

use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::*;

mod disputes;

/// Keeps what was written, write by write.
#[derive(Debug, Default)]
struct Writes(Vec<Vec<u8>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn columns(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).expect("not zero")
}

type Screen = Terminal<ScreenBackend<Writes>>;

fn screen(width: u16, height: u16) -> Screen {
    let backend = ScreenBackend::new(Writes::default(), Size::new(width, height));
    Terminal::new(backend).expect("no I/O that fails")
}

fn draw(screen: &mut Screen, paint: impl Fn(&mut Buffer)) -> Vec<Vec<u8>> {
    screen
        .draw(|frame| paint(frame.buffer_mut()))
        .expect("writes to memory do not fail");
    std::mem::take(&mut screen.backend_mut().out.0)
}

#[test]
fn an_unchanged_frame_writes_nothing() {
    let mut screen = screen(20, 4);
    let paint = |buffer: &mut Buffer| {
        buffer.set_string(0, 0, "▼ downloading 文", Style::new().fg(Color::Blue));
    };
    assert_eq!(draw(&mut screen, paint).len(), 1);
    assert_eq!(draw(&mut screen, paint), Vec::<Vec<u8>>::new());
}

#[test]
fn a_changed_frame_is_one_write_of_what_changed() {
    let mut screen = screen(20, 4);
    draw(&mut screen, |buffer| {
        buffer.set_string(0, 1, "62%", Style::new());
    });
    let writes = draw(&mut screen, |buffer| {
        buffer.set_string(0, 1, "63%", Style::new());
    });
    assert_eq!(writes, [b"\x08\x083".to_vec()]);
}

#[test]
fn large_frames_are_bracketed_and_small_ones_are_not() {
    let mut screen = screen(80, 10);
    let writes = draw(&mut screen, |buffer| {
        for y in 0..10 {
            buffer.set_string(0, y, "x".repeat(80), Style::new());
        }
    });
    assert_eq!(writes.len(), 1);
    assert!(writes[0].starts_with(SYNC_START) && writes[0].ends_with(SYNC_END));
}

#[test]
fn basic_colours_are_sent_short_and_once() {
    let mut screen = screen(20, 2);
    let writes = draw(&mut screen, |buffer| {
        buffer.set_string(0, 0, "ab", Style::new().fg(Color::Red));
        buffer.set_string(2, 0, "c", Style::new().fg(Color::DarkGray));
    });
    let text = String::from_utf8(writes.concat()).expect("text");
    assert!(text.contains("31mab\x1b[90mc"), "{text:?}");
    assert!(!text.contains("38;5"), "{text:?}");
}

#[test]
fn no_half_of_a_wide_character_is_left() {
    let mut screen = screen(10, 1);
    draw(&mut screen, |buffer| {
        buffer.set_string(0, 0, "文", Style::new());
    });
    let writes = draw(&mut screen, |buffer| {
        buffer.set_string(0, 0, "a", Style::new());
    });
    let text = String::from_utf8(writes.concat()).expect("text");
    assert!(text.ends_with("a "), "{text:?}");
}

#[test]
fn the_frame_survives_a_real_terminal() {
    let mut screen = screen(30, 5);
    let mut parser = vt100::Parser::new(columns(5), columns(30), 0);
    let frames: [&[&str]; 4] = [
        &[
            "plain",
            "▁▂▃ 文書.txt tail",
            "e\u{301}te\u{301}",
            "",
            "last line",
        ],
        &["plain", "▁▂▄ 文書.txt tail", "ete", "new", "last line"],
        &["文文文文文文文文文文文文文文文", "", "x", "new", "‖ … ✗"],
        &["a", "b", "c", "d", "0123456789012345678901234567890"],
    ];
    for lines in frames {
        let writes = draw(&mut screen, |buffer| {
            for (y, line) in (0..).zip(lines) {
                buffer.set_string(0, y, line, Style::new());
            }
        });
        parser.process(&writes.concat());
        let mut expected = Buffer::empty(Rect::new(0, 0, 30, 5));
        for (y, line) in (0..).zip(lines) {
            expected.set_string(0, y, line, Style::new());
        }
        for y in 0..5 {
            let shown = parser
                .screen()
                .rows(0, 30)
                .nth(usize::from(y))
                .expect("a row");
            let mut row = String::new();
            let mut x = 0;
            while x < 30 {
                let symbol = expected[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol))
                    .expect("narrow")
                    .max(1);
            }
            assert_eq!(shown.trim_end(), row.trim_end());
        }
    }
}
