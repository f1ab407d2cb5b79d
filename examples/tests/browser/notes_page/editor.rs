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

    /// Waits until a sentence with this text is in the log of the page.
    pub(crate) async fn wait_for_log(&self, text: &str) {
        let text = json!(text);
        let log = "document.querySelector('[role=log]').textContent";
        self.wait_for(&format!("{log}.includes({text})")).await;
    }

    /// Waits until a save was refused, and the page shows both versions.
    pub(crate) async fn wait_for_merge(&self) {
        let heading = "document.activeElement.id === 'editor-heading'";
        let merge = "!document.querySelector('#merge').hidden";
        self.wait_for(&format!("{heading} && {merge}")).await;
    }

    /// Returns the three versions and the result of each field of the merge.
    pub(crate) async fn merge_fields(&self) -> Value {
        let text = "(side) => field.querySelector(`[data-side=${side}]`).textContent";
        let field = format!(
            "(field) => [field.querySelector('legend').textContent, \
             ...['base', 'mine', 'theirs'].map({text}), field.querySelector('textarea').value]"
        );
        self.evaluate(&format!(
            "[...document.querySelectorAll('fieldset')].map({field})"
        ))
        .await
    }

    /// Waits until the list of notes is read and shown.
    pub(crate) async fn wait_for_list(&self) {
        self.wait_for("document.querySelectorAll('#notes li').length === 100")
            .await;
    }
}
