// One note in the editor. Text that is not saved is a draft, which survives a reload of the tab.

const FIELDS = ["title", "text"];

/**
 * The drafts by note. Each has
 * - `base`: the version that it started from, with its tag,
 * - `mine`: the fields of the user,
 * - `theirs`, `choices`: after a 412, the current version, and what the user has chosen of both. A
 *   merge makes it the base. So a save names a version only if its text is in what is saved,
 * - `sent`: the fields of a request that had no answer,
 * - `isWaiting`: it is saved as soon as the service answers,
 * - `isDeleted`: the note does not exist any more.
 */
const drafts = new Map(storedDrafts());

/** The note in the editor. */
let openId = null;

/** Makes a version of a draft from a response with a note. */
const versionOf = ({ tag, content }) => ({ tag, version: content.version, ...fieldsOf(content) });

const fieldsOf = (note) => Object.fromEntries(FIELDS.map((field) => [field, note[field]]));
const isSame = (one, other) => FIELDS.every((field) => one[field] === other[field]);
const isUnsaved = (draft) => draft !== undefined && !isSame(draft.mine, draft.base);

function storedDrafts() {
  try {
    return JSON.parse(sessionStorage.getItem("drafts") ?? "[]");
  } catch {
    // The user has forbidden this storage.
    return [];
  }
}

function keepDrafts() {
  const unsaved = [...drafts].filter(([, draft]) => isUnsaved(draft));
  try {
    sessionStorage.setItem("drafts", JSON.stringify(unsaved));
  } catch {
    // Then the drafts live as long as the page.
  }
}

/** Opens a note, with its draft if there is one. */
async function openNote(id) {
  openId = id;
  if (!isUnsaved(drafts.get(id))) {
    const response = await send("GET", `/notes/${id}`);
    // Another note may have been opened meanwhile.
    if (openId !== id) return;
    if (response?.status !== 200) {
      tell(`The note cannot be opened: ${describe(response)}.`);
      if (response?.status === 404) removeNote(id);
      closeEditor();
      return;
    }
    replaceNote(response.content);
    const base = versionOf(response);
    drafts.set(id, { base, mine: fieldsOf(base) });
  }
  showEditor();
  const isMerge = drafts.get(id).theirs !== undefined;
  byId(isMerge ? "editor-heading" : "text").focus();
}

/** Shows the draft of the open note: its fields, or the merge of two versions. */
function showEditor() {
  const draft = drafts.get(openId);
  const { base, mine, theirs } = draft;
  const isMerge = theirs !== undefined;
  byId("editor-heading").textContent = isMerge
    ? `Two versions of “${base.title}”`
    : `Edit “${base.title}”`;
  byId("form").hidden = isMerge;
  byId("merge").hidden = !isMerge;
  for (const field of FIELDS) byId(field).value = mine[field];
  if (isMerge) return showMerge(draft);
  if (draft.isDeleted)
    return showState("Somebody has deleted this note. Save to create it again.", true);
  showState(`You have version ${base.version}. Its tag is ${base.tag}.`);
  if (notes.get(openId)?.version > base.version) warnOfChange(openId);
}

function showState(text, isRefusal = false) {
  byId("state").textContent = text;
  byId("state").classList.toggle("refused", isRefusal);
}

/** Says that the open note was changed by somebody else. The draft stays as it is. */
function warnOfChange(id) {
  if (id !== openId || drafts.get(id)?.theirs !== undefined) return;
  showState(
    "Somebody else has changed this note meanwhile. Go on: when you save, you see both texts.",
  );
}

/** Removes the note from the editor, and its draft. */
function closeEditor() {
  const button = notes.get(openId)?.row.querySelector("button");
  forgetDraft(openId);
  openId = null;
  byId("form").hidden = true;
  byId("merge").hidden = true;
  byId("editor-heading").textContent = "No note is open";
  showState("Press Edit at a note.");
  (button ?? byId("notes")).focus();
}

function forgetDraft(id) {
  drafts.delete(id);
  keepDrafts();
  showVersion(id);
}

function draftChanged() {
  const draft = drafts.get(openId);
  for (const field of FIELDS) draft.mine[field] = byId(field).value;
  keepDrafts();
  showVersion(openId);
}

function cancelEdit() {
  const draft = drafts.get(openId);
  if (isUnsaved(draft)) tell(`Your text for “${draft.base.title}” was discarded.`);
  closeEditor();
}
