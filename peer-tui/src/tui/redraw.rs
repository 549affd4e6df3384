//! The loop: keys, daemon, signals and deadlines in; frames out, only when asked for.
//!
//! One thread does everything, so a key is on the screen without a hop. What the daemon says is
//! taken in right before a frame is drawn and not earlier: a key therefore always meets the rows
//! that the last frame showed.

use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::layout::Rect;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::backend::ScreenBackend;
use super::clipboard;
use super::connection::{Connection, Exit, ScreenOptions};
use super::effect::Effect;
use super::input::{InputEvent, Parser};
use super::link::{LinkEvent, LinkPump};
use super::message::Message;
use super::model::Model;
use super::settings;
use super::terminal::{self, RawTerminal, TerminalWriter};
use super::update::update;
use super::view::view;

/// Frames that data asks for come no closer than this (30 a second); keys draw at once.
const FRAME_PAUSE: Duration = Duration::from_millis(33);
/// The rest of a cut key is waited for so long; over ssh packets are further apart.
const ESCAPE_WAIT: Duration = Duration::from_millis(25);
const ESCAPE_WAIT_SSH: Duration = Duration::from_millis(50);
/// What the person said last is given so long to reach the daemon when the screen ends.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(500);

type Screen = Terminal<ScreenBackend<TerminalWriter>>;

/// Something that ends a wait.
enum Woken {
    Input(io::Result<Vec<u8>>),
    Link(LinkEvent),
    Resized,
    Deadline,
    EscapeIsAlone,
    FrameIsDue,
    Continued,
    Stopped,
    Ended,
}

/// The screen at work.
struct Loop {
    model: Model,
    screen: Screen,
    terminal: RawTerminal,
    parser: Parser,
    link: LinkPump,
    options: ScreenOptions,
    escape_wait: Duration,
    escape_since: Option<Instant>,
    last_frame: Instant,
    /// Something changed that no frame shows yet.
    is_dirty: bool,
    exit: Option<Exit>,
}

/// Runs the screen on this thread until it ends.
///
/// # Errors
/// When the terminal cannot be set up, or goes away in an odd way.
pub fn run(connection: Connection, options: ScreenOptions) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run_here(connection, options))
}

async fn run_here(connection: Connection, options: ScreenOptions) -> anyhow::Result<Exit> {
    let mut signals = Signals::new()?;
    #[expect(
        deprecated,
        reason = "unsound only for descriptors that others close; this one is standard input"
    )]
    let input = AsyncFd::with_interest(rustix::stdio::stdin(), Interest::READABLE)?;
    let mut work = Loop::start(connection, options)?;
    work.draw()?;
    while work.exit.is_none() {
        let woken = work.wait(&input, &mut signals).await;
        work.handle(woken)?;
    }
    work.terminal.give_back();
    work.link.finish(LAST_WORDS_WAIT).await;
    Ok(work.exit.unwrap_or(Exit::Detached))
}

/// The signals that concern a screen.
struct Signals {
    resized: Signal,
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?,
        })
    }

    async fn next(&mut self) -> Woken {
        tokio::select! {
            _ = self.resized.recv() => Woken::Resized,
            _ = self.stop.recv() => Woken::Stopped,
            _ = self.go_on.recv() => Woken::Continued,
            _ = self.terminate.recv() => Woken::Ended,
            _ = self.hang_up.recv() => Woken::Ended,
            _ = self.interrupt.recv() => Woken::Ended,
            _ = self.quit.recv() => Woken::Ended,
        }
    }
}

impl Loop {
    fn start(connection: Connection, options: ScreenOptions) -> anyhow::Result<Self> {
        let size = terminal::size();
        let terminal = RawTerminal::enter()?;
        let mut backend = ScreenBackend::new(TerminalWriter, size);
        if settings::has_wide_ambiguous_characters(|name| std::env::var(name).ok()) {
            backend = backend.with_doubtful_widths();
        }
        backend.start_with(&terminal.enter_bytes());
        let screen = Terminal::new(backend)?;
        let now = Timestamp::now();
        let zone = jiff::tz::TimeZone::system();
        let mut model = Model::new((size.width, size.height), now, zone);
        settings::prepare(&mut model, &options);
        let is_ssh = std::env::var_os("SSH_TTY").is_some();
        let mut work = Self {
            model,
            screen,
            terminal,
            parser: Parser::default(),
            link: LinkPump::new(connection),
            options,
            escape_wait: if is_ssh { ESCAPE_WAIT_SSH } else { ESCAPE_WAIT },
            escape_since: None,
            last_frame: Instant::now(),
            is_dirty: true,
            exit: None,
        };
        // The size is news to the model: the first watch follows from it.
        work.take(Message::Resized(size.width, size.height))?;
        Ok(work)
    }

    async fn wait(
        &mut self,
        input: &AsyncFd<rustix::fd::BorrowedFd<'static>>,
        signals: &mut Signals,
    ) -> Woken {
        let deadline = self.model.deadline().map(|at| {
            let rest = at.duration_since(Timestamp::now());
            Duration::try_from(rest).unwrap_or(Duration::ZERO)
        });
        let escape = self
            .escape_since
            .map(|since| self.escape_wait.saturating_sub(since.elapsed()));
        let frame = (self.is_dirty || self.link.has_news())
            .then(|| FRAME_PAUSE.saturating_sub(self.last_frame.elapsed()));
        tokio::select! {
            biased;
            bytes = read(input) => Woken::Input(bytes),
            woken = signals.next() => woken,
            event = self.link.event() => Woken::Link(event),
            () = sleep(escape) => Woken::EscapeIsAlone,
            () = sleep(frame) => Woken::FrameIsDue,
            () = sleep(deadline) => Woken::Deadline,
        }
    }

    fn handle(&mut self, woken: Woken) -> anyhow::Result<()> {
        match woken {
            Woken::Input(Ok(bytes)) if bytes.is_empty() => self.exit = Some(Exit::Detached),
            Woken::Input(Ok(bytes)) => {
                let events = self.parser.feed(&bytes);
                let is_waiting = self.parser.is_waiting();
                self.escape_since = is_waiting.then(Instant::now);
                self.input(events)?;
            }
            // The terminal is gone: leave at once.
            Woken::Input(Err(_)) => self.exit = Some(Exit::Detached),
            Woken::EscapeIsAlone => {
                self.escape_since = None;
                let events = self.parser.give_up();
                self.input(events)?;
            }
            Woken::Link(LinkEvent::News) => {}
            Woken::Link(LinkEvent::Lost) => {
                // What it said last still counts.
                self.take_news()?;
                self.take(Message::LinkLost)?;
            }
            Woken::Link(LinkEvent::Up) => self.take(Message::LinkUp)?,
            Woken::Link(LinkEvent::Failed(reason)) => self.take(Message::LinkFailed(reason))?,
            Woken::Deadline => self.take(Message::Tick)?,
            Woken::FrameIsDue => {
                self.take_news()?;
                self.draw()?;
            }
            Woken::Resized => {
                self.resize()?;
                self.draw()?;
            }
            Woken::Stopped => self.suspend()?,
            Woken::Continued => self.resume()?,
            Woken::Ended => self.exit = Some(Exit::Detached),
        }
        Ok(())
    }

    /// Keys act on what was shown, then news come in, then both are drawn at once.
    fn input(&mut self, events: Vec<InputEvent>) -> anyhow::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        for event in events {
            match event {
                InputEvent::Key(key) => self.take(Message::Key(key))?,
                InputEvent::Paste(text) => self.take(Message::Paste(text))?,
            }
            if self.exit.is_some() {
                return Ok(());
            }
        }
        self.take_news()?;
        self.draw()
    }

    fn take_news(&mut self) -> anyhow::Result<()> {
        while let Some(message) = self.link.take() {
            self.take(Message::Server(Box::new(message)))?;
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> anyhow::Result<()> {
        let effects = update(&mut self.model, message, Timestamp::now());
        self.is_dirty = true;
        for effect in effects {
            self.carry_out(effect)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> anyhow::Result<()> {
        match effect {
            Effect::Send(message) => self.link.send(*message),
            Effect::Copy(text) => self
                .screen
                .backend_mut()
                .before_frame(&clipboard::copy(&text)),
            Effect::Reconnect => self.link.reconnect(),
            Effect::SaveLook(look) => settings::save(&self.options, look),
            Effect::SaveSearches(searches) => settings::save_searches(&self.options, &searches),
            Effect::Repaint => {
                let size = self.screen.backend_mut().known_size();
                self.screen
                    .resize(Rect::new(0, 0, size.width, size.height))?;
            }
            Effect::Suspend => self.suspend()?,
            Effect::Leave(exit) => self.exit = Some(exit),
            #[expect(
                clippy::panic,
                reason = "this command exists to prove what a panic leaves"
            )]
            Effect::Panic => panic!("asked for in the command palette"),
        }
        Ok(())
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        if !self.terminal.is_entered() {
            self.is_dirty = false;
            return Ok(());
        }
        let model = &self.model;
        let drawn = self.screen.draw(|frame| {
            if let Some(cursor) = view(model, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        });
        self.is_dirty = false;
        self.last_frame = Instant::now();
        if let Err(error) = drawn {
            // A terminal that hung up takes nothing more; everything else is worth telling.
            if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
                self.exit = Some(Exit::Detached);
                return Ok(());
            }
            return Err(error.into());
        }
        Ok(())
    }

    fn resize(&mut self) -> anyhow::Result<()> {
        let size = terminal::size();
        self.screen.backend_mut().set_size(size);
        self.take(Message::Resized(size.width, size.height))
    }

    /// Gives the terminal to the shell until somebody says `fg`. This thread may go on for a moment
    /// before the stop reaches it: only the signal that ends the stop brings the screen back.
    fn suspend(&mut self) -> anyhow::Result<()> {
        self.terminal.give_back();
        terminal::stop()?;
        Ok(())
    }

    /// Takes the terminal again; one that was stopped from outside is still ours and only has to
    /// be set and painted anew.
    fn resume(&mut self) -> anyhow::Result<()> {
        let enter = if self.terminal.is_entered() {
            Vec::new()
        } else {
            self.terminal.enter_bytes()
        };
        self.terminal.take_over()?;
        self.screen.backend_mut().start_with(&enter);
        self.resize()?;
        self.carry_out(Effect::Repaint)?;
        self.draw()
    }
}

/// Sleeps so long, or for ever.
async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) if duration.is_zero() => {}
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// The bytes that are there; empty when the terminal hung up.
///
/// # Cancel safety
/// Nothing is read before the readiness has been seen, so nothing is lost.
async fn read(input: &AsyncFd<rustix::fd::BorrowedFd<'static>>) -> io::Result<Vec<u8>> {
    loop {
        let mut guard = input.readable().await?;
        let is_closed = guard.ready().is_read_closed();
        let mut bytes = vec![0; 4096];
        let count = match rustix::io::read(input.get_ref(), &mut bytes) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(rustix::io::Errno::AGAIN) => 0,
            Err(error) => return Err(error.into()),
        };
        if count < bytes.len() {
            guard.clear_ready();
        }
        // Raw mode reads without waiting: nothing there is no end, unless the line is closed.
        if count > 0 || is_closed {
            bytes.truncate(count);
            return Ok(bytes);
        }
    }
}
