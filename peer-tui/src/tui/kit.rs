//! Test kit: the whole screen without a terminal and without a daemon.

mod goldens;
mod journeys;
mod properties;
pub(super) mod sample;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::effect::Effect;
use super::message::Message;
use super::model::Model;
use super::update::update;
use super::view::view;
use crate::daemon::command::{Action, ClientMessage, Watch};
use crate::daemon::state::{ServerMessage, Update};

/// The whole screen, driven by messages.
pub(crate) struct TestApp {
    pub(crate) model: Model,
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<Effect>,
    buffer: Buffer,
    cursor: Option<Position>,
}

impl TestApp {
    /// An empty screen of that size at a fixed time.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let now: Timestamp = "2026-11-24T12:03:07Z".parse().expect("a time");
        let mut app = Self {
            model: Model::new((width, height), now, TimeZone::UTC),
            now,
            effects: Vec::new(),
            buffer: Buffer::empty(Rect::new(0, 0, width, height)),
            cursor: None,
        };
        app.take(Message::Resized(width, height));
        app
    }

    /// A screen with the sample network behind it.
    pub(crate) fn filled(width: u16, height: u16) -> Self {
        let mut app = Self::new(width, height);
        app.feed();
        app
    }

    /// Gives the daemon's answer to what is watched now.
    pub(crate) fn feed(&mut self) {
        let watch = self.watch();
        let update = sample::answer(&watch);
        self.server(update);
    }

    pub(crate) fn server(&mut self, update: Update) {
        let message = ServerMessage::Update(Box::new(update));
        self.take(Message::Server(Box::new(message)));
    }

    /// The watch that the daemon was told last.
    pub(crate) fn watch(&self) -> Watch {
        self.model.last_watch.clone().unwrap_or_default()
    }

    pub(crate) fn take(&mut self, message: Message) {
        let effects = update(&mut self.model, message, self.now);
        self.effects.extend(effects);
    }

    /// Presses keys, named as in the table, apart by blanks.
    pub(crate) fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.take(Message::Key(key.parse().expect(key)));
        }
    }

    /// Types letters.
    pub(crate) fn letters(&mut self, text: &str) {
        for letter in text.chars() {
            self.take(Message::Key(super::input::Key::char(letter)));
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, secs: i64) {
        self.now += jiff::SignedDuration::from_secs(secs);
        self.take(Message::Tick);
    }

    /// The actions asked for since the last call.
    pub(crate) fn actions(&mut self) -> Vec<Action> {
        let effects = std::mem::take(&mut self.effects);
        effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Send(message) => match *message {
                    ClientMessage::Do { action, .. } => Some(*action),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// Draws, and yields the frame as text.
    pub(crate) fn screen(&mut self) -> String {
        let (width, height) = self.model.size;
        self.buffer = Buffer::empty(Rect::new(0, 0, width, height));
        self.cursor = view(&self.model, &mut self.buffer);
        let mut text = String::new();
        for y in 0..height {
            let mut line = String::new();
            let mut x = 0;
            while x < width {
                let symbol = self.buffer[(x, y)].symbol();
                line.push_str(symbol);
                let columns = unicode_width::UnicodeWidthStr::width(symbol).max(1);
                x += u16::try_from(columns).expect("narrow");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The line of the last drawn frame that holds `part`.
    pub(crate) fn line(&mut self, part: &str) -> String {
        let screen = self.screen();
        let found = screen.lines().find(|line| line.contains(part));
        found
            .unwrap_or_else(|| panic!("no {part:?} in\n{screen}"))
            .to_owned()
    }

    /// How the first cell of `part` looks.
    pub(crate) fn style_of(&mut self, part: &str) -> Style {
        let screen = self.screen();
        for (y, line) in (0..).zip(screen.lines()) {
            if let Some(at) = line.find(part) {
                let x = u16::try_from(super::format::width(&line[..at])).expect("narrow");
                return self.buffer[(x, y)].style();
            }
        }
        panic!("no {part:?} in\n{screen}");
    }

    pub(crate) fn frame(&mut self) -> &Buffer {
        self.screen();
        &self.buffer
    }
}
