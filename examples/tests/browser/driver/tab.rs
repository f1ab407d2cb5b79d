//! A page in a tab.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    console::ConsoleEntry, events::TabRecord, in_time, network::BrowserRequest,
    program::BrowserKind, session::BidiSession,
};

/// The colours that the user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColorScheme {
    Light,
    Dark,
}

/// A tab, or a closed one.
#[derive(Debug)]
pub(crate) struct Tab {
    kind: BrowserKind,
    session: BidiSession,
    /// The browsing context, and the session of Chromium's own protocol.
    pub(super) context: String,
    cdp_session: Option<String>,
    record: Arc<TabRecord>,
    is_closed: AtomicBool,
    has_color_scheme: AtomicBool,
}

impl Tab {
    pub(super) async fn create(
        kind: BrowserKind,
        session: &BidiSession,
        user_context: &str,
    ) -> Self {
        let session = session.clone();
        let connection = &session.connection;
        let parameters = json!({ "type": "tab", "userContext": user_context });
        let created = connection
            .command("browsingContext.create", parameters)
            .await;
        let context = created["context"].as_str().unwrap().to_owned();
        let record = Arc::new(TabRecord::default());
        session.events.register(&context, &record);
        let mut cdp_session = None;
        if kind == BrowserKind::Chromium {
            let parameters = json!({ "context": context });
            let got = connection.command("goog:cdp.getSession", parameters).await;
            let name = got["session"].as_str().unwrap().to_owned();
            session.events.register(&name, &record);
            cdp_session = Some(name);
        }
        let tab = Self {
            kind,
            session,
            context,
            cdp_session,
            record,
            is_closed: AtomicBool::new(false),
            has_color_scheme: AtomicBool::new(false),
        };
        // A new tab is in front, unless another one takes the focus meanwhile.
        tab.session.front.lock().unwrap().clear();
        tab.chromium_command("Log.enable", json!({})).await;
        tab
    }

    /// Sends a command with this browsing context.
    pub(super) async fn command(&self, method: &'static str, mut parameters: Value) -> Value {
        parameters["context"] = json!(self.context);
        self.session.connection.command(method, parameters).await
    }

    /// Sends a command that may fail.
    pub(super) async fn try_command(
        &self,
        method: &'static str,
        parameters: Value,
    ) -> Result<Value, String> {
        let connection = &self.session.connection;
        connection.try_command(method, parameters).await
    }

    /// Sends a command of Chromium's own protocol, for what WebDriver BiDi lacks. Firefox needs none.
    async fn chromium_command(&self, method: &'static str, parameters: Value) {
        if let Some(session) = &self.cdp_session {
            let parameters = json!({ "method": method, "params": parameters, "session": session });
            let connection = &self.session.connection;
            connection.command("goog:cdp.sendCommand", parameters).await;
        }
    }

    /// Loads a page, and waits until it is loaded.
    pub(crate) async fn navigate(&self, url: &str) {
        let parameters = json!({ "url": url, "wait": "complete" });
        self.command("browsingContext.navigate", parameters).await;
    }

    /// Loads the page again as a user does, and waits until it is loaded.
    pub(crate) async fn reload(&self) {
        let parameters = json!({ "wait": "complete" });
        self.command("browsingContext.reload", parameters).await;
    }

    /// Closes the tab at once, also while requests are under way. The page is not asked.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.session.front.lock().unwrap().clear();
        let parameters = json!({ "promptUnload": false });
        self.command("browsingContext.close", parameters).await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Brings the tab to the front. Otherwise it gets no animation frames.
    pub(crate) async fn activate(&self) {
        if *self.session.front.lock().unwrap() != self.context {
            self.command("browsingContext.activate", json!({})).await;
            self.session.front.lock().unwrap().clone_from(&self.context);
        }
    }

    /// Sets the size of the page in CSS pixels.
    pub(crate) async fn set_viewport(&self, width: u32, height: u32) {
        let parameters = json!({ "viewport": { "width": width, "height": height } });
        self.command("browsingContext.setViewport", parameters)
            .await;
    }

    /// Sets the colours that the page is told to prefer. In Firefox, this counts for all tabs.
    pub(crate) async fn set_color_scheme(&self, scheme: ColorScheme) {
        self.has_color_scheme.store(true, Ordering::Relaxed);
        let (number, name) = match scheme {
            ColorScheme::Dark => (0, "dark"),
            ColorScheme::Light => (1, "light"),
        };
        let features = json!([{ "name": "prefers-color-scheme", "value": name }]);
        let parameters = json!({ "features": features });
        self.chromium_command("Emulation.setEmulatedMedia", parameters)
            .await;
        self.set_firefox_scheme(&format!("setIntPref(PREFERENCE, {number})"))
            .await;
    }

    /// Changes the preference by a method of Firefox's own scripts.
    async fn set_firefox_scheme(&self, call: &str) {
        if self.kind != BrowserKind::Firefox {
            return;
        }
        let connection = &self.session.connection;
        let parameters = json!({ "moz:scope": "chrome" });
        let tree = connection
            .command("browsingContext.getTree", parameters)
            .await;
        let preference = "'layout.css.prefers-color-scheme.content-override'";
        let expression = format!("Services.prefs.{call}").replace("PREFERENCE", preference);
        let parameters = json!({
            "expression": expression,
            "target": { "context": tree["contexts"][0]["context"] },
            "awaitPromise": false,
        });
        connection.command("script.evaluate", parameters).await;
    }

    /// Takes away what outlives the profile.
    pub(super) async fn reset(&self) {
        if self.has_color_scheme.load(Ordering::Relaxed) {
            self.set_firefox_scheme("clearUserPref(PREFERENCE)").await;
        }
        self.session.events.forget(&self.record);
    }

    /// Returns the visible part of the page as a PNG, or the error of the browser.
    pub(crate) async fn screenshot(&self) -> Result<Vec<u8>, String> {
        let parameters = json!({ "context": self.context });
        let shot = self.try_command("browsingContext.captureScreenshot", parameters);
        let shot = shot.await?;
        let data = shot["data"].as_str().expect("an image");
        Ok(BASE64_STANDARD.decode(data).expect("Base64"))
    }

    pub(crate) fn console(&self) -> Vec<ConsoleEntry> {
        self.record.console.lock().unwrap().clone()
    }

    /// Returns all requests of the tab so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<BrowserRequest> {
        self.record.requests.lock().unwrap().clone()
    }

    /// Waits for an entry in the console that satisfies the condition.
    pub(crate) async fn wait_for_entry(&self, condition: impl Fn(&ConsoleEntry) -> bool) {
        let entry = async {
            loop {
                let changed = self.record.changed.notified();
                if self.console().iter().any(&condition) {
                    return;
                }
                changed.await;
            }
        };
        in_time("an entry in the console", entry).await;
    }

    /// Waits for a request that satisfies the condition, and returns it. The first `skipped` requests
    /// of the tab do not count.
    pub(crate) async fn wait_for_request(
        &self,
        skipped: usize,
        condition: impl Fn(&BrowserRequest) -> bool,
    ) -> BrowserRequest {
        let request = async {
            loop {
                let changed = self.record.changed.notified();
                let requests = self.requests();
                let mut requests = requests.into_iter().skip(skipped);
                if let Some(request) = requests.find(&condition) {
                    return request;
                }
                changed.await;
            }
        };
        in_time("the request of a page", request).await
    }
}
