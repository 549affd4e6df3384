//! What a thing on the screen means ([`Token`]) and how that looks in each theme.
//!
//! Widgets name tokens; this is the only place that knows colours.

mod glyphs;

use ratatui::style::{Color, Modifier, Style};

pub use glyphs::Glyphs;

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Token {
    Text,
    Dim,
    Strong,
    Accent,
    Select,
    Mark,
    Match,
    MatchSelect,
    Ok,
    Warn,
    Error,
    Down,
    Up,
    BarFill,
    BarRest,
    PieceHave,
    PiecePart,
    PieceNow,
    PieceWant,
    PieceNone,
    Graph,
    Rule,
    RuleFocus,
    Banner,
    Key,
}

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The person's own 16 colours.
    #[default]
    Terminal,
    /// No colours.
    Mono,
    /// 24 bits on dark.
    Dark,
    /// 24 bits on light.
    Light,
}

impl Theme {
    /// All themes, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Terminal, Self::Mono, Self::Dark, Self::Light];

    /// The word for it in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Mono => "mono",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
    }

    /// How `token` looks.
    pub fn style(self, token: Token) -> Style {
        match self {
            Self::Terminal => terminal(token),
            Self::Mono => mono(token),
            Self::Dark => coloured(token, &DARK),
            Self::Light => coloured(token, &LIGHT),
        }
    }
}

fn terminal(token: Token) -> Style {
    let style = Style::new();
    match token {
        Token::Text | Token::RuleFocus => style,
        Token::Dim | Token::Rule | Token::BarRest | Token::PieceWant => style.fg(Color::DarkGray),
        Token::Strong | Token::Key => style.add_modifier(Modifier::BOLD),
        Token::Accent | Token::PieceNow => style.fg(Color::Cyan),
        Token::Select => style.add_modifier(Modifier::REVERSED),
        Token::Match | Token::MatchSelect => style.add_modifier(Modifier::UNDERLINED),
        Token::Mark | Token::Warn => style.fg(Color::Yellow),
        Token::Ok | Token::PieceHave | Token::PiecePart => style.fg(Color::Green),
        Token::Error => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Token::PieceNone => style.fg(Color::Red),
        Token::Down | Token::BarFill | Token::Graph => style.fg(Color::Blue),
        Token::Up => style.fg(Color::Magenta),
        Token::Banner => style.fg(Color::Yellow).add_modifier(Modifier::REVERSED),
    }
}

fn mono(token: Token) -> Style {
    let style = Style::new();
    match token {
        Token::Dim | Token::BarRest | Token::PieceWant | Token::Rule => {
            style.add_modifier(Modifier::DIM)
        }
        Token::Strong | Token::Mark | Token::Error | Token::Key | Token::RuleFocus => {
            style.add_modifier(Modifier::BOLD)
        }
        Token::Accent | Token::Match | Token::MatchSelect => {
            style.add_modifier(Modifier::UNDERLINED)
        }
        Token::Select | Token::Banner => style.add_modifier(Modifier::REVERSED),
        _ => style,
    }
}

/// The colours of a 24-bit theme.
struct Palette {
    text: u32,
    dim: u32,
    accent: u32,
    select: u32,
    mark: u32,
    ok: u32,
    warn: u32,
    error: u32,
    down: u32,
    up: u32,
    rule: u32,
    banner: (u32, u32),
}

const DARK: Palette = Palette {
    text: 0xd8_dee9,
    dim: 0x8a_93a3,
    accent: 0x7f_d1e0,
    select: 0x2e_3a4d,
    mark: 0xe5_c07b,
    ok: 0x98_c379,
    warn: 0xe5_c07b,
    error: 0xe0_6c75,
    down: 0x61_afef,
    up: 0xc6_78dd,
    rule: 0x3b_4252,
    banner: (0xe5_c07b, 0x1e_222a),
};

const LIGHT: Palette = Palette {
    text: 0x24_292f,
    dim: 0x63_6c76,
    accent: 0x0a_6e82,
    select: 0xd7_e6f5,
    mark: 0x8a_6100,
    ok: 0x1a_7f37,
    warn: 0x9a_6700,
    error: 0xcf_222e,
    down: 0x09_69da,
    up: 0x82_50df,
    rule: 0xd0_d7de,
    banner: (0x9a_6700, 0xff_ffff),
};

fn coloured(token: Token, palette: &Palette) -> Style {
    let style = Style::new();
    let fg = |rgb: u32| style.fg(Color::from_u32(rgb));
    match token {
        Token::Text => fg(palette.text),
        Token::Dim | Token::BarRest => fg(palette.dim),
        Token::Strong => fg(palette.text).add_modifier(Modifier::BOLD),
        Token::Accent | Token::RuleFocus => fg(palette.accent),
        Token::Select => fg(palette.text).bg(Color::from_u32(palette.select)),
        Token::Mark => fg(palette.mark),
        Token::Match => fg(palette.mark).add_modifier(Modifier::UNDERLINED),
        Token::MatchSelect => terminal(token),
        Token::Ok => fg(palette.ok),
        Token::Warn => fg(palette.warn),
        Token::Error => fg(palette.error).add_modifier(Modifier::BOLD),
        Token::Down | Token::BarFill | Token::Graph => fg(palette.down),
        Token::Up => fg(palette.up),
        Token::Rule => fg(palette.rule),
        Token::Banner => fg(palette.banner.1).bg(Color::from_u32(palette.banner.0)),
        Token::Key => fg(palette.accent).add_modifier(Modifier::BOLD),
        Token::PieceHave
        | Token::PiecePart
        | Token::PieceNow
        | Token::PieceWant
        | Token::PieceNone => terminal(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_has_no_colour_at_all() {
        for token in [Token::Error, Token::Warn, Token::Banner, Token::PieceNone] {
            let style = Theme::Mono.style(token);
            assert_eq!((style.fg, style.bg), (None, None), "{token:?}");
        }
    }

    #[test]
    fn selection_is_told_apart_in_every_theme() {
        for theme in Theme::ALL {
            assert_ne!(theme.style(Token::Select), theme.style(Token::Text));
        }
    }
}
