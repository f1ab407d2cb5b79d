//! Scripts in the page, and facts that it brings about.

use serde_json::{Value, json};

use super::{LIMIT, tab::Tab};

impl Tab {
    /// Returns the value of an expression as JSON, or of the promise that it gives. `undefined` is
    /// `null`.
    ///
    /// # Panics
    ///
    /// Panics if the expression throws.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let function = format!("async () => JSON.stringify((await ({expression})) ?? null)");
        match self.call(&function, json!([])).await {
            Ok(value) => value,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    /// Waits until an expression is truthy, and returns its value. The page looks at each change of
    /// the document, each event, and ten times a second. An expression that throws is not yet true.
    ///
    /// # Panics
    ///
    /// Panics after a minute, with the text and the console of the page.
    pub(crate) async fn wait_for(&self, expression: &str) -> Value {
        let function = include_str!("wait_for.js").replace("EXPRESSION", expression);
        let limit = json!([{ "type": "number", "value": LIMIT.as_millis() }]);
        match self.call(&function, limit).await {
            Ok(value) => value,
            Err(error) => {
                let state = self.describe().await;
                panic!("waited for {expression}\n{error}\n{state}");
            }
        }
    }

    /// Waits for the next change of the document or event, at most a tenth of a second.
    pub(super) async fn wait_for_change(&self) {
        // The first look is at once, and the second at a change.
        self.wait_for("looks > 1").await;
    }

    /// Returns the address, the text and the console of the page.
    pub(super) async fn describe(&self) -> String {
        let page = "async () => JSON.stringify(`${location}\\n${document.body?.innerText}`)";
        let page = self.call(page, json!([])).await;
        let text = page
            .as_ref()
            .map_or("no page", |text| text.as_str().unwrap_or("no text"));
        let mut state = format!("the page: {text}\nthe console:\n");
        for entry in self.console() {
            state.push_str(&format!("  {entry}\n"));
        }
        state.push_str("the requests:\n");
        let requests = self.requests();
        for request in requests.iter().rev().take(40).rev() {
            state.push_str(&format!("  {request}\n"));
        }
        state
    }

    /// Returns the document as HTML, or the error of the browser.
    pub(super) async fn html(&self) -> Result<String, String> {
        let html = "async () => JSON.stringify(document.documentElement.outerHTML)";
        let html = self.call(html, json!([])).await?;
        Ok(html.as_str().unwrap_or_default().to_owned())
    }

    /// Calls an asynchronous function that gives JSON.
    pub(super) async fn call(&self, function: &str, arguments: Value) -> Result<Value, String> {
        let parameters = json!({
            "functionDeclaration": function,
            "arguments": arguments,
            "target": { "context": self.context },
            "awaitPromise": true,
        });
        let mut answer = self.try_command("script.callFunction", parameters).await?;
        match answer["result"]["value"].take() {
            Value::String(text) => Ok(serde_json::from_str(&text).expect("JSON")),
            _ => Err(answer["exceptionDetails"]["text"].to_string()),
        }
    }
}
