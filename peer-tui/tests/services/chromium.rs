//! Chromium without a window, driven over its `DevTools` protocol: one page, what it shows, what it
//! complains about.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::kit::{PATIENCE, wait_for};
use crate::programs::program;

/// A browser with one page.
pub struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    last_id: u64,
    complaints: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Browser {
    /// Starts it with a page of this size in pixels.
    pub fn open(width: u32, height: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the browser");
        let mut child = program("chromium", "chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--no-proxy-server", "--hide-scrollbars"])
            .arg("--disable-dev-shm-usage")
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg("about:blank")
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start chromium");
        let mut lines = BufReader::new(child.stderr.take().expect("its messages"));
        let url = loop {
            let mut line = String::new();
            let read = lines.read_line(&mut line).expect("its messages");
            assert!(read > 0, "chromium ended without saying where it listens");
            if let Some(url) = line.trim().strip_prefix("DevTools listening on ") {
                break url.to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let address = url.trim_start_matches("ws://").split('/').next();
        let stream = TcpStream::connect(address.expect("an address")).expect("connect to it");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let (socket, _) = client(url.as_str(), stream).expect("a socket to it");
        let mut browser = Self {
            child,
            socket,
            session: String::new(),
            last_id: 0,
            complaints: Vec::new(),
            _folder: folder,
        };
        browser.attach();
        browser.resize(width, height);
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", &target);
        attached["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    /// Another size; below 600 pixels it is a phone.
    pub fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// `light` or `dark`.
    pub fn prefer(&mut self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        let features = json!({ "features": [feature] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Opens a page and waits until it is there.
    pub fn visit(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
        self.wait("the page is there", "document.readyState === 'complete'");
    }

    /// The value of an expression on the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let wish = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", &wish);
        let failed = answer.get("exceptionDetails");
        assert!(failed.is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Its text.
    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait(&mut self, what: &str, expression: &str) {
        wait_for(what, PATIENCE, || {
            (self.value(expression) == Value::Bool(true)).then_some(())
        });
    }

    /// Presses and lets go one key after the other.
    pub fn type_keys(&mut self, keys: &str) {
        for key in keys.chars().map(|key| key.to_string()) {
            self.call(
                "Input.dispatchKeyEvent",
                &json!({"type": "keyDown", "key": key, "text": key}),
            );
            self.call(
                "Input.dispatchKeyEvent",
                &json!({"type": "keyUp", "key": key}),
            );
        }
    }

    /// A picture of what is to be seen, as PNG.
    pub fn picture(&mut self, file: &Path) {
        let shot = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let bytes = STANDARD.decode(shot["data"].as_str().expect("a picture"));
        std::fs::write(file, bytes.expect("base64")).expect("write the picture");
    }

    /// Errors and refusals of its policy, of which a good page has none.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    #[track_caller]
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let mut call = json!({"id": self.last_id, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = Value::from(self.session.as_str());
        }
        let sent = self.socket.send(Message::text(call.to_string()));
        sent.expect("chromium listens");
        loop {
            let message = self.socket.read().expect("chromium answers");
            let Message::Text(text) = message else {
                continue;
            };
            let mut told: Value = serde_json::from_str(&text).expect("JSON");
            if told["id"] == self.last_id {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].take();
            }
            self.hear(&told);
        }
    }

    fn hear(&mut self, told: &Value) {
        let entry = &told["params"]["entry"];
        let is_complaint = match told["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            // What a call is refused with is the page's to tell; the console says it again.
            Some("Log.entryAdded") => entry["level"] == "error" && entry["source"] != "network",
            _ => false,
        };
        if is_complaint {
            self.complaints.push(told["params"].to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
