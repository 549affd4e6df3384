//! Frames to bytes: nothing for an unchanged frame, one write for a changed one, as few bytes as
//! the terminal's state allows.
//!
//! Remembers what the terminal was told last (colours, cursor), which the stock backend of the
//! library does not. Knows nothing of what is drawn.

mod pen;

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use pen::Pen;

/// From here on a frame is wrapped in synchronized-output marks: smaller ones arrive in one piece
/// anyway.
const SYNC_MIN_BYTES: usize = 256;
const SYNC_START: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// Draws on `out`; every frame is one call of `write_all`.
#[derive(Debug)]
pub struct ScreenBackend<W> {
    out: W,
    size: Size,
    /// Bytes of this frame.
    frame: Vec<u8>,
    pen: Option<Pen>,
    /// Where the terminal's cursor is, if that is certain.
    at: Option<Position>,
    is_cursor_shown: Option<bool>,
    /// Whether the glyphs of the screen itself are surely one column wide.
    has_sure_widths: bool,
}

impl<W: Write> ScreenBackend<W> {
    /// A backend for a terminal of `size` in an unknown state.
    pub const fn new(out: W, size: Size) -> Self {
        Self {
            out,
            size,
            frame: Vec::new(),
            pen: None,
            at: None,
            is_cursor_shown: None,
            has_sure_widths: true,
        }
    }

    /// For terminals that may draw line and block characters two columns wide: the cursor is
    /// placed anew after each.
    #[must_use]
    pub const fn with_doubtful_widths(mut self) -> Self {
        self.has_sure_widths = false;
        self
    }

    /// The size from now on.
    pub const fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// Puts `bytes` before the next frame and forgets what the terminal was told.
    pub fn start_with(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
        self.pen = None;
        self.at = None;
        self.is_cursor_shown = None;
    }

    /// Puts `bytes` that draw nothing before the next frame.
    pub fn before_frame(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
    }

    /// The size that was told last.
    pub const fn known_size(&self) -> Size {
        self.size
    }

    fn move_to(&mut self, target: Position) {
        if self.at == Some(target) {
            return;
        }
        let absolute = format!("\x1b[{};{}H", target.y + 1, target.x + 1);
        let relative = self.at.and_then(|from| relative_move(from, target));
        let shortest = match relative {
            Some(relative) if relative.len() < absolute.len() => relative,
            _ => absolute,
        };
        self.frame.extend_from_slice(shortest.as_bytes());
        self.at = Some(target);
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        self.move_to(Position::new(x, y));
        let pen = Pen::of(cell);
        pen.switch_from(self.pen, &mut self.frame);
        self.pen = Some(pen);
        let symbol = cell.symbol();
        self.frame.extend_from_slice(symbol.as_bytes());
        let is_certain =
            symbol.is_ascii() && symbol.len() == 1 || self.has_sure_widths && is_own_glyph(symbol);
        // In the last column terminals wait with the wrap, each in its own way.
        self.at = (is_certain && x + 1 < self.size.width).then(|| Position::new(x + 1, y));
    }
}

fn relative_move(from: Position, to: Position) -> Option<String> {
    if from.y == to.y {
        return Some(match (from.x, to.x) {
            (_, 0) => "\r".to_owned(),
            (now, next) if next == now + 1 => "\x1b[C".to_owned(),
            (now, next) if next > now => format!("\x1b[{}C", next - now),
            (now, next) if now == next + 1 => "\x08".to_owned(),
            (now, next) => format!("\x1b[{}D", now - next),
        });
    }
    // Line feeds keep the column in raw mode; they never scroll, since the target is on the screen.
    (to.y > from.y && to.y - from.y <= 3 && (to.x == 0 || to.x == from.x)).then(|| {
        let feeds = "\n".repeat(usize::from(to.y - from.y));
        if to.x == 0 {
            format!("\r{feeds}")
        } else {
            feeds
        }
    })
}

/// Lines, blocks and marks that this screen draws itself: one column on every terminal that is not
/// set to wide ambiguous characters.
fn is_own_glyph(symbol: &str) -> bool {
    let mut characters = symbol.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return false;
    };
    matches!(character, '\u{2500}'..='\u{259f}' | '▲' | '▼' | '▸' | '▾' | '●' | '○' | '◐' | '·'
        | '…' | '‖' | '×' | '–' | '—' | '›' | '✓' | '✗' | '←'..='↓')
}

impl<W: Write> Backend for ScreenBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.put(x, y, cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.is_cursor_shown != Some(false) {
            self.frame.extend_from_slice(b"\x1b[?25l");
            self.is_cursor_shown = Some(false);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.is_cursor_shown != Some(true) {
            self.frame.extend_from_slice(b"\x1b[?25h");
            self.is_cursor_shown = Some(true);
        }
        Ok(())
    }

    /// Where the cursor was left; the terminal is never asked, since an answer may take seconds.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.at.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.move_to(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.frame.extend_from_slice(b"\x1b[m\x1b[2J\x1b[H");
        self.pen = Some(Pen::default());
        self.at = Some(Position::ORIGIN);
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        let sequence: &[u8] = match clear_type {
            ClearType::All => return self.clear(),
            ClearType::AfterCursor => b"\x1b[m\x1b[J",
            ClearType::BeforeCursor => b"\x1b[m\x1b[1J",
            ClearType::CurrentLine => b"\x1b[m\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[m\x1b[K",
        };
        self.frame.extend_from_slice(sequence);
        self.pen = Some(Pen::default());
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let result = if self.frame.len() > SYNC_MIN_BYTES {
            let mut whole =
                Vec::with_capacity(SYNC_START.len() + self.frame.len() + SYNC_END.len());
            whole.extend_from_slice(SYNC_START);
            whole.extend_from_slice(&self.frame);
            whole.extend_from_slice(SYNC_END);
            self.out.write_all(&whole)
        } else {
            self.out.write_all(&self.frame)
        };
        self.frame.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

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
        assert_eq!(writes, [b"\x1b[2D3".to_vec()]);
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
}
