// One note in the editor.

/** The note in the editor, whose draft the form shows. */
let openId = null;

/** The note that was asked for last. */
let requestedId = null;

/** Opens a note, with its draft if there is one. */
async function openNote(id) {
  requestedId = id;
  if (!isUnsaved(drafts.get(id))) {
    const response = await send("GET", `/notes/${id}`);
    // Another note may have been asked for meanwhile.
    if (requestedId !== id) return;
    if (response?.status !== 200 || !isNote(response.content)) {
      addToLog(`The note cannot be opened: ${describe(response)}.`);
      if (response?.status === 404) removeNote(id);
      return;
    }
    // If it was open already, there may be new text.
    if (!isUnsaved(drafts.get(id))) {
      const base = versionOf(response);
      drafts.set(id, { base, mine: fieldsOf(base) });
    }
    showNote(response.content);
  }
  openId = id;
  showEditor();
  byId(drafts.get(id).theirs === undefined ? "text" : "editor-heading").focus();
}

/** Shows the draft of the open note: its fields, or the merge of two versions. */
function showEditor() {
  const draft = drafts.get(openId);
  const { base, mine, theirs } = draft;
  const isMerge = theirs !== undefined;
  byId("editor-heading").textContent = isMerge
    ? `Two versions of ${quote(base)}`
    : `Edit ${quote(base)}`;
  byId("form").hidden = isMerge;
  byId("merge").hidden = !isMerge;
  // An input removes line breaks, and would join the words.
  byId("title").value = mine.title.replace(/[\r\n]+/g, " ");
  byId("text").value = mine.text;
  if (isMerge) return showVersions(draft);
  if (draft.isDeleted) {
    return showState("Somebody has deleted this note. Save to create it again.", true);
  }
  if (draft.isWaiting)
    return showState("Not saved: it is sent again until the service answers.", true);
  showState(`You have version ${base.version}. Its tag is ${base.tag ?? "missing"}.`);
  if (notes.get(openId)?.version > base.version) warnOfChange(openId);
}

/** Shows the merge of a draft, whose choices are kept with it. */
function showVersions(draft) {
  draft.choices ??= {};
  const hasConflict = showMerge(byId("fields"), versionsToMerge(draft), draft.choices, keepDrafts);
  showState(
    "Somebody else has saved another version, and nothing was overwritten. " +
      (hasConflict
        ? "Both of you changed the same field. Choose the text to keep, then save."
        : "You changed different fields, so both changes fit. Check them, then save."),
    true,
  );
}

function showState(text, isRefusal = false) {
  setText("state", text);
  byId("state").classList.toggle("refused", isRefusal);
}

/** Says that the open note was changed by somebody else. The draft stays as it is. */
function warnOfChange(id) {
  if (id !== openId || drafts.get(id)?.theirs !== undefined) return;
  showState(
    "Somebody else has changed this note meanwhile. Go on: when you save, you see both texts.",
  );
}

/** Removes the note from the editor, and its draft. Says what has happened to the note. */
function closeEditor(state = "Press Edit at a note.") {
  const hadFocus = hasEditorFocus();
  const id = openId;
  openId = null;
  forgetDraft(id);
  byId("form").hidden = true;
  byId("merge").hidden = true;
  byId("editor-heading").textContent = "No note is open";
  showState(state);
  if (hadFocus) (notes.get(id)?.row.querySelector("button") ?? byId("notes")).focus();
}

/** Returns `true` if the user is in the editor, and not somewhere else on the page. */
function hasEditorFocus() {
  const focus = document.activeElement;
  return focus === document.body || byId("editor").contains(focus);
}

/** Takes a field from the form. The others stay as they are, since a browser changes line breaks. */
function draftChanged({ target }) {
  drafts.get(openId).mine[target.name] = target.value;
  keepDrafts();
  showVersion(openId);
}

function cancelEdit() {
  const draft = drafts.get(openId);
  if (isUnsaved(draft)) {
    const uncertainty =
      draft.sent !== undefined ? " It may be saved nevertheless: it was sent before." : "";
    addToLog(`Your text for ${quote(draft.base)} was discarded.${uncertainty}`);
  }
  closeEditor();
}
