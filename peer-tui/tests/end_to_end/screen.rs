//! The screen in a real terminal: type, Enter, watch; close the terminal; it is all there.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, Peer, wait_for};

/// A terminal of 80x24 with the screen in it.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<vt100::Parser>>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn open(peer: &Peer, index: &str) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let mut line = CommandBuilder::new(env!("CARGO_BIN_EXE_peer-tui"));
        let mut plain = std::process::Command::new("");
        peer.settings(&mut plain);
        line.args([index]);
        line.args(plain.get_args());
        for (name, value) in plain.get_envs() {
            if let Some(value) = value {
                line.env(name, value);
            }
        }
        line.env("TERM", "xterm-256color");
        line.env("LANG", "C.UTF-8");
        let child = pty.slave.spawn_command(line).expect("start the screen");
        drop(pty.slave);
        let mut output = pty.master.try_clone_reader().expect("its output");
        let keys = pty.master.take_writer().expect("its input");
        let shown = Arc::new(Mutex::new(vt100::Parser::new(
            NonZero::new(24).expect("not 0"),
            NonZero::new(80).expect("not 0"),
            0,
        )));
        let parser = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                parser
                    .lock()
                    .expect("nobody panics with it")
                    .process(&bytes[..count]);
            }
        });
        Self {
            child,
            keys,
            shown,
            master: pty.master,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
        self.keys.flush().expect("keys");
    }

    fn text(&self) -> String {
        self.shown
            .lock()
            .expect("nobody panics with it")
            .screen()
            .contents()
    }

    fn wait_to_show(&self, part: &str) {
        let until = std::time::Instant::now() + PATIENCE;
        while !self.text().contains(part) {
            assert!(
                std::time::Instant::now() < until,
                "{part} is not on\n{}",
                self.text()
            );
            std::thread::yield_now();
        }
    }

    /// The terminal goes away, as when a window is closed: the kernel sends SIGHUP then.
    fn close(mut self) {
        drop(self.keys);
        drop(self.master);
        let pid = self.child.process_id().expect("it runs");
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a process id"));
        let hang_up = rustix::process::Signal::HUP;
        rustix::process::kill_process(pid.expect("a process id"), hang_up).expect("SIGHUP");
        wait_for("the screen ends", PATIENCE, || {
            self.child.try_wait().ok().flatten()
        });
    }
}

#[test]
fn type_enter_watch_close_and_come_back() {
    let network = Network::start();
    let lena = network.peer("lena");
    let bytes = noise(51, 3_000_000);
    lena.write("films/harbour at dawn.mkv", &bytes);
    let _lena = lena.start_sharing(1);
    let marta = network.peer("marta");
    let index = network.index.url.as_str();

    let mut terminal = Terminal::open(&marta, index);
    terminal.wait_to_show("Search");
    terminal.press("harbour");
    terminal.wait_to_show("harbour at dawn.mkv");
    wait_for("how far lena is stands in the row", PATIENCE, || {
        let text = terminal.text();
        let row = text.lines().find(|line| line.starts_with('>'))?;
        row.contains(" ms ").then_some(())
    });
    terminal.press("\r");
    wait_for("it is fetched", PATIENCE, || {
        let there = std::fs::read(marta.downloads().join("harbour at dawn.mkv"));
        there.is_ok_and(|there| there == bytes).then_some(())
    });
    terminal.wait_to_show("100%");
    terminal.press("\u{1b}");
    terminal.wait_to_show("detach");
    terminal.press("i");
    wait_for("how far lena is stands beside her", PATIENCE, || {
        let text = terminal.text();
        let (_, after) = text.split_once("Sources ")?.1.split_once("lena ")?;
        let (latency, after) = after.split_once(' ')?;
        (latency.parse::<u32>().is_ok() && after.starts_with("ms ")).then_some(())
    });
    terminal.close();

    let status = marta.json(&["status"]).expect("the daemon goes on");
    assert_eq!(status["counts"]["done"], 1);
    let mut terminal = Terminal::open(&marta, index);
    terminal.wait_to_show("100%");
    terminal.press("\u{1b}");
    terminal.press("2");
    terminal.wait_to_show("harbour at dawn.mkv");
    terminal.press("q");
    wait_for("the screen ends", PATIENCE, || {
        terminal.child.try_wait().ok().flatten()
    });
    assert_eq!(marta.output(&["stop"]), "stopped");
}
