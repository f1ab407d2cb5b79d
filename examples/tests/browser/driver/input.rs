//! Input by keyboard and mouse, and elements by their role and name.

use serde_json::{Value, json};

use super::{LIMIT, tab::Tab};

/// The keys of the tests that are not characters, with their code points in WebDriver.
const KEYS: [(&str, char); 7] = [
    ("Tab", '\u{E004}'),
    ("Enter", '\u{E007}'),
    ("Control", '\u{E009}'),
    ("Space", ' '),
    ("End", '\u{E010}'),
    ("ArrowDown", '\u{E015}'),
    ("Delete", '\u{E017}'),
];

/// Returns the code point of a key such as `Enter` or `a`.
fn key(name: &str) -> char {
    let known = KEYS.iter().find(|(known, _)| *known == name);
    let mut characters = name.chars();
    match (known, characters.next(), characters.next()) {
        (Some((_, key)), ..) => *key,
        (None, Some(character), None) => character,
        _ => panic!("no key: {name:?}"),
    }
}

/// An element that assistive technology shows, with its role and its accessible name.
#[derive(Clone, Debug)]
pub(crate) struct Element(Value);

impl Tab {
    /// Presses a key, or several at once, such as `Tab`, `a` and `Control+Enter`.
    pub(crate) async fn press(&self, keys: &str) {
        let keys: Vec<_> = keys.split('+').map(key).collect();
        let down = keys
            .iter()
            .map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys.iter().rev();
        let up = up.map(|key| json!({ "type": "keyUp", "value": key }));
        self.send_keys(down.chain(up).collect()).await;
    }

    /// Types a text into the element that has the focus. A new line is the key Enter.
    pub(crate) async fn type_text(&self, text: &str) {
        let keys = text.chars().map(|character| match character {
            '\n' => key("Enter"),
            other => other,
        });
        let actions = keys.flat_map(|key| {
            let down = json!({ "type": "keyDown", "value": key });
            [down, json!({ "type": "keyUp", "value": key })]
        });
        self.send_keys(actions.collect()).await;
    }

    async fn send_keys(&self, actions: Vec<Value>) {
        self.perform(json!({ "type": "key", "id": "keyboard", "actions": actions }))
            .await;
    }

    async fn perform(&self, source: Value) {
        // Firefox gives input to the tab in front alone.
        self.activate().await;
        let parameters = json!({ "actions": [source] });
        self.command("input.performActions", parameters).await;
    }

    /// Waits until there is one element of this role and name, and returns it.
    ///
    /// # Panics
    ///
    /// Panics after a minute, with the text and the console of the page.
    pub(crate) async fn find(&self, role: &str, name: &str) -> Element {
        // Chromium does not keep the accessibility tree of a hidden tab.
        self.activate().await;
        let found = async {
            loop {
                let mut found = self.find_all(role, name).await;
                if found.len() == 1 {
                    return found.remove(0);
                }
                self.wait_for_change().await;
            }
        };
        match tokio::time::timeout(LIMIT, found).await {
            Ok(element) => element,
            Err(_) => {
                let state = self.describe().await;
                panic!("not one element: {role} {name:?}\n{state}");
            }
        }
    }

    /// Returns all elements of this role and name, in the order of the document.
    pub(crate) async fn find_all(&self, role: &str, name: &str) -> Vec<Element> {
        let value = json!({ "role": role, "name": name });
        let locator = json!({ "locator": { "type": "accessibility", "value": value } });
        let mut found = self.command("browsingContext.locateNodes", locator).await;
        let nodes = found["nodes"].as_array_mut().expect("nodes");
        nodes.drain(..).map(Element).collect()
    }

    /// Clicks the element of this role and name with the mouse, once there is one.
    pub(crate) async fn click(&self, role: &str, name: &str) {
        let element = self.find(role, name).await;
        self.click_element(&element).await;
    }

    /// Clicks an element in its middle. If the page moves it from under the pointer, clicks again.
    pub(crate) async fn click_element(&self, element: &Element) {
        self.activate().await;
        let id = json!({ "sharedId": element.0["sharedId"] });
        let origin = json!({ "type": "element", "element": id });
        let actions = json!([
            { "type": "pointerMove", "x": 0, "y": 0, "origin": origin },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        let click = json!({ "type": "pointer", "id": "mouse", "actions": actions });
        let pressed = async {
            self.call(include_str!("prepare_click.js"), json!([id]))
                .await?;
            self.perform(click.clone()).await;
            self.call(
                "async element => JSON.stringify(element.isPressed)",
                json!([id]),
            )
            .await
        };
        // A click may also remove the element.
        if pressed.await == Ok(Value::Bool(false)) {
            Box::pin(self.click_element(element)).await;
        }
    }

    /// Replaces the text of the field of this name with the keyboard.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        self.click("textbox", name).await;
        self.press("Control+a").await;
        match text {
            "" => self.press("Delete").await,
            text => self.type_text(text).await,
        }
    }
}
