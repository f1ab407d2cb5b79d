// Drafts: texts that are not saved. They survive a reload of the tab.

const FIELDS = ["title", "text"];

const STORAGE_KEY = "tower-conditional-notes-drafts";

/**
 * The drafts by note. Each has
 * - `base`: the version that it started from, with its tag,
 * - `mine`: the fields of the user,
 * - `theirs`, `choices`: after a 412, the current version, and what the user has chosen of both. A
 *   merge makes it the base. So a save names a version only if its text is in what is saved,
 * - `sent`: the fields of earlier requests, which may have arrived,
 * - `isWaiting`: it is sent again until the service answers,
 * - `isDeleted`: the note does not exist any more.
 */
const drafts = new Map(readDrafts());

/** Makes a version of a draft from a response with a note. */
function versionOf({ tag, content }) {
  return { tag, version: content.version, ...fieldsOf(content) };
}

function fieldsOf(note) {
  return Object.fromEntries(FIELDS.map((field) => [field, note[field]]));
}

function isSame(one, other) {
  return FIELDS.every((field) => one[field] === other[field]);
}

function isUnsaved(draft) {
  return draft !== undefined && !isSame(draft.mine, draft.base);
}

/** Returns `true` if an earlier request had these fields. */
function isSent(draft, fields) {
  return draft?.sent?.some((sent) => isSame(sent, fields)) ?? false;
}

function readDrafts() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "[]");
    return stored.filter(([id, draft]) => Number.isInteger(id) && isDraft(draft));
  } catch {
    // The user has forbidden this storage, or something else has written to it.
    return [];
  }
}

function isDraft({ base, mine, theirs = base }) {
  const hasFields = (version) => FIELDS.every((field) => typeof version[field] === "string");
  return [base, mine, theirs].every(hasFields) && Number.isInteger(base.version);
}

function keepDrafts() {
  const unsaved = [...drafts].filter(([, draft]) => isUnsaved(draft));
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(unsaved));
  } catch {
    // Then the drafts end with the page, whose end is confirmed by the user.
  }
}

function forgetDraft(id) {
  drafts.delete(id);
  keepDrafts();
  if (notes.get(id)?.isDeleted) removeNote(id);
  showVersion(id);
}

/** Asks before the tab is closed with unsaved text. */
function confirmUnload(event) {
  if ([...drafts.values()].some(isUnsaved)) event.preventDefault();
}
