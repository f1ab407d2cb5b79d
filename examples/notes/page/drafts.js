// Drafts: texts that are not saved. They survive a reload of the tab.

const FIELDS = ["title", "text"];

const STORAGE_KEY = "tower-conditional-notes-drafts";

/**
 * The drafts by note. Each has
 * - `base`: the version that it started from, with its tag,
 * - `mine`: the fields of the user,
 * - `theirs`, `choices`: after a 412, the current version, and what the user has chosen of both. A
 *   saved merge makes it the base. So a save names a version only if its text is in what is saved,
 * - `asked`: the fields that the user has asked to save,
 * - `sent`: the fields of requests with the tag of `base`, which may have arrived,
 * - `isWaiting`: `asked` is sent again until the service answers,
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

/** Returns the fields of the versions in a draft, for their merge. */
function versionsToMerge({ base, mine, theirs }) {
  return { base: fieldsOf(base), mine: fieldsOf(mine), theirs: fieldsOf(theirs) };
}

function isSame(one, other) {
  return FIELDS.every((field) => one[field] === other[field]);
}

/** Returns `true` if closing the draft would lose something, or an answer to it is missing. */
function isUnsaved(draft) {
  if (draft === undefined) return false;
  const { base, mine, theirs, sent } = draft;
  return sent !== undefined || theirs !== undefined || !isSame(mine, base);
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

function isDraft({ base, mine, theirs = base, asked = mine, sent = [] }) {
  const hasFields = (fields) => FIELDS.every((field) => typeof fields[field] === "string");
  const isVersion = ({ tag, version }) =>
    Number.isInteger(version) && (tag === null || typeof tag === "string");
  return [base, mine, theirs, asked, ...sent].every(hasFields) && [base, theirs].every(isVersion);
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
