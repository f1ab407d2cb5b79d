//! The use of the page's editor, with mouse and keyboard.

use serde_json::{Value, json};

use crate::driver::Tab;

impl Tab {
    /// Opens a note in the editor, whose text then has the focus.
    pub(crate) async fn edit(&self, title: &str) {
        self.click("button", &format!("Edit {title}")).await;
        self.wait_for("document.activeElement.id === 'text'").await;
    }

    /// Opens a note, and writes a word at the end of its text.
    pub(crate) async fn append(&self, title: &str, word: &str) {
        self.edit(title).await;
        self.press("Control+End").await;
        self.type_text(&format!(" {word}")).await;
    }

    /// Makes the pauses of the page shorter, such as the one before a retry. They are at most five
    /// seconds, and the driver waits longer.
    pub(crate) async fn shorten_pauses(&self) {
        self.evaluate(
            "(() => { const original = setTimeout; \
             globalThis.setTimeout = (run, time) => original(run, time > 5000 ? time : time / 20); })()",
        )
        .await;
    }

    /// Tells the page that its tab is hidden, or visible again.
    pub(crate) async fn set_hidden(&self, is_hidden: bool) {
        self.evaluate(&format!(
            "(Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }}), \
             document.dispatchEvent(new Event('visibilitychange')))"
        ))
        .await;
    }

    /// Waits until a sentence with this text is in the log of the page.
    pub(crate) async fn wait_for_log(&self, text: &str) {
        let text = json!(text);
        let log = "document.querySelector('[role=log]').textContent";
        self.wait_for(&format!("{log}.includes({text})")).await;
    }

    /// Waits until the sentence about the note in the editor has this text in it.
    pub(crate) async fn wait_for_state(&self, text: &str) {
        let text = json!(text);
        let state = "document.querySelector('#state').textContent";
        self.wait_for(&format!("{state}.includes({text})")).await;
    }

    /// Waits until a save was refused, and the page shows both versions.
    pub(crate) async fn wait_for_merge(&self) {
        let heading = "document.activeElement.id === 'editor-heading'";
        let merge = "!document.querySelector('#merge').hidden";
        self.wait_for(&format!("{heading} && {merge}")).await;
    }

    /// Returns the name, the three versions, the result and its reason for each field of the merge.
    pub(crate) async fn merge_fields(&self) -> Value {
        let text = "(side) => field.querySelector(`[data-side=${side}]`).textContent";
        let field = format!(
            "(field) => [field.querySelector('legend').textContent, \
             ...['base', 'mine', 'theirs'].map({text}), field.querySelector('textarea').value, \
             field.querySelector('.why').textContent]"
        );
        self.evaluate(&format!(
            "[...document.querySelectorAll('fieldset')].map({field})"
        ))
        .await
    }

    /// Returns the version of a note in the list, and what else the list says of it.
    pub(crate) async fn listed_version(&self, id: u32) -> Value {
        self.evaluate(&version_in_list(id)).await
    }

    /// Waits until the list says this of a note.
    pub(crate) async fn wait_for_listed_version(&self, id: u32, text: &str) {
        let version = version_in_list(id);
        self.wait_for(&format!("{version} === {}", json!(text)))
            .await;
    }

    /// Waits until the list of notes is read and shown.
    pub(crate) async fn wait_for_list(&self) {
        self.wait_for("document.querySelectorAll('#notes li').length === 100")
            .await;
    }
}

fn version_in_list(id: u32) -> String {
    let row = format!("document.querySelector('#notes [data-note=\"{id}\"]').closest('li')");
    format!("{row}.querySelector('.version').textContent")
}
