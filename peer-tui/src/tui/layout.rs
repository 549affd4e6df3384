//! Where everything stands, for every size of terminal; pure arithmetic that update and view share.

use ratatui::layout::Rect;

/// What fills the middle of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Body {
    Search,
    Transfers,
    Details,
    Shares,
    Peers,
    Browse,
    Log,
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One line of figures.
    Line,
    /// From 40x12.
    Tiny,
    /// From 60x16.
    Small,
    /// From 80x24.
    Normal,
    /// From 100x30.
    Large,
}

impl Class {
    /// The class of a terminal of that many columns and rows.
    pub const fn of((width, height): (u16, u16)) -> Self {
        match (width, height) {
            (100.., 30..) => Self::Large,
            (80.., 24..) => Self::Normal,
            (60.., 16..) => Self::Small,
            (40.., 12..) => Self::Tiny,
            _ => Self::Line,
        }
    }
}

/// The parts of the screen; a part without room has no height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// How much room there is.
    pub class: Option<Class>,
    /// State line.
    pub header: Rect,
    /// Prompt, filter line or title.
    pub line: Rect,
    /// Under it.
    pub rule: Rect,
    /// What stands above the list in details: bar, state, place, pieces.
    pub above: Rect,
    /// Titles of the columns.
    pub columns: Rect,
    /// The list.
    pub list: Rect,
    /// A line about the list or the row under the cursor.
    pub status: Rect,
    /// The pane under the list.
    pub pane: Rect,
    /// Dock or graph, its title included.
    pub bottom: Rect,
    /// Key line.
    pub keys: Rect,
}

/// Lines of the pane under the list, its title included.
const PANE_LINES: u16 = 8;
/// Lines that a list keeps whatever the pane wants: four rows, titles and status.
const LIST_PARTS: u16 = 6;
/// Lines of a transfer around the map of its pieces: bar, state, place, title and note.
pub const PIECES_FROM: u16 = 5;

impl Layout {
    /// The parts for a terminal of `size`. `pane` is what the person said about the pane, if
    /// anything.
    pub fn of(size: (u16, u16), body: Body, is_zoomed: bool, pane: Option<bool>) -> Self {
        let class = Class::of(size);
        let mut cut = Cut {
            width: size.0,
            top: 0,
            bottom: size.1,
        };
        let mut layout = Self {
            class: Some(class),
            ..Self::default()
        };
        if class == Class::Line {
            layout.header = cut.take_top(1);
            return layout;
        }
        layout.header = cut.take_top(1);
        layout.keys = cut.take_bottom(1);
        layout.line = cut.take_top(1);
        layout.rule = cut.take_top(u16::from(class > Class::Tiny));
        layout.bottom = cut.take_bottom(if is_zoomed { 0 } else { bottom(class, body) });
        let has_pane = match body {
            Body::Search | Body::Peers => pane.unwrap_or(class == Class::Large),
            Body::Browse | Body::Log => pane.unwrap_or(false),
            _ => false,
        };
        if has_pane && !is_zoomed {
            let room = cut.bottom.saturating_sub(cut.top);
            layout.pane = cut.take_bottom(PANE_LINES.min(room.saturating_sub(LIST_PARTS)));
        }
        if body == Body::Details {
            layout.above = cut.take_top(if is_zoomed { 0 } else { above(class) });
        }
        layout.columns = cut.take_top(u16::from(body != Body::Log));
        layout.status = cut.take_bottom(u16::from(body != Body::Log));
        layout.list = cut.take_top(u16::MAX);
        layout
    }

    /// The same for keys that go to the map of pieces: it has the place of the sources too where it
    /// is to fill the screen, or where it had no line of its own.
    #[must_use]
    pub fn on_pieces(mut self) -> Self {
        if self.above.height > PIECES_FROM {
            return self;
        }
        let height = self.status.bottom().saturating_sub(self.above.y);
        self.above.height = height;
        for part in [&mut self.columns, &mut self.list, &mut self.status] {
            part.height = 0;
        }
        self
    }

    /// Lines of the list.
    pub fn list_lines(&self) -> usize {
        usize::from(self.list.height)
    }

    /// Transfers that fit in the dock.
    pub fn dock_rows(&self) -> usize {
        match self.class {
            Some(Class::Tiny) => usize::from(self.bottom.height),
            _ => usize::from(self.bottom.height.saturating_sub(1)),
        }
    }
}

const fn bottom(class: Class, body: Body) -> u16 {
    match (body, class) {
        (Body::Search, Class::Large) => 5,
        (Body::Search, Class::Normal) => 4,
        (Body::Search, Class::Small) => 2,
        (Body::Search, _) => 1,
        (Body::Transfers, Class::Large) => 8,
        (Body::Transfers, Class::Normal) => 5,
        _ => 0,
    }
}

/// Bar, state, place and the pieces with their title and note.
const fn above(class: Class) -> u16 {
    match class {
        Class::Large => 9,
        Class::Normal => 8,
        Class::Small => 3,
        _ => 2,
    }
}

/// What is left of the screen.
struct Cut {
    width: u16,
    top: u16,
    bottom: u16,
}

impl Cut {
    fn take_top(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.bottom - self.top);
        let rect = Rect::new(0, self.top, self.width, lines);
        self.top += lines;
        rect
    }

    fn take_bottom(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.bottom - self.top);
        self.bottom -= lines;
        Rect::new(0, self.bottom, self.width, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODIES: [Body; 7] = [
        Body::Search,
        Body::Transfers,
        Body::Details,
        Body::Shares,
        Body::Peers,
        Body::Browse,
        Body::Log,
    ];

    #[test]
    fn parts_never_overlap_nor_leave_the_screen_and_lists_keep_room() {
        for body in BODIES {
            for width in [1, 20, 40, 60, 80, 100, 120, 300] {
                for height in 1..60 {
                    for zoom in [false, true] {
                        for pane in [None, Some(true), Some(false)] {
                            let layout = Layout::of((width, height), body, zoom, pane);
                            let parts = [
                                layout.header,
                                layout.line,
                                layout.rule,
                                layout.above,
                                layout.columns,
                                layout.list,
                                layout.status,
                                layout.pane,
                                layout.bottom,
                                layout.keys,
                            ];
                            let lines: u16 = parts.iter().map(|part| part.height).sum();
                            assert!(lines <= height, "{body:?} {width}x{height}");
                            assert!(parts.iter().all(|part| part.bottom() <= height));
                            let pieces = layout.on_pieces();
                            if body == Body::Details && pieces.list.height == 0 {
                                assert_eq!(pieces.above.bottom(), layout.status.bottom());
                            } else if body == Body::Details {
                                assert_eq!(pieces, layout);
                                assert!(pieces.above.height > PIECES_FROM);
                            }
                            if layout.class > Some(Class::Line) {
                                assert_eq!(lines, height, "{body:?} {width}x{height}");
                                assert!(layout.list.height >= 4, "{body:?} {width}x{height}");
                            }
                        }
                    }
                }
            }
        }
    }
}
