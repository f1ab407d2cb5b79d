// The list of notes.

/** The number of notes in the list. A database may have more. */
const LISTED = 200;

/** The number of times that the list is read if it changes meanwhile. */
const LIST_READS = 5;

/** The notes of the list by their number, each with its row. */
const notes = new Map();

/** `true` once the list was read, or a read is under way. */
let isListed = false;

/** Reads the list, until that succeeds. The browser's cache answers if it is unchanged. */
async function readNotes(isRetry = false) {
  isListed = true;
  let response = null;
  for (let reads = 0, before = -1; reads < LIST_READS && before !== changeCount; reads++) {
    // A change during the read may be missing in the response.
    before = changeCount;
    response = await send("GET", "/notes");
  }
  if (response?.status !== 200 || !Array.isArray(response.content)) {
    if (!isRetry) addToLog(`The list cannot be read: ${describe(response)}.`);
    await wait(RETRY_INTERVAL);
    return readNotes(true);
  }
  showList(response.content);
}

function showList(list) {
  const listed = list.slice(0, LISTED);
  for (const note of listed) {
    const known = notes.get(note.id);
    showNote(note, known !== undefined && (known.isNews || known.version < note.version));
    noteExists(note.id);
  }
  showDrafts();
  const present = new Set(list.map((note) => note.id));
  [...notes.keys()].filter((id) => !present.has(id)).forEach(removeNote);
  const isPart = list.length > LISTED;
  setText("listed", isPart ? `These are the first ${LISTED} of ${list.length} notes.` : "");
}

/** Shows rows for drafts of notes that are not in the list. */
function showDrafts() {
  for (const [id, { base, theirs = base }] of drafts) {
    if (!notes.has(id)) showNote({ ...theirs, id });
  }
}

/** Shows a note in its row, and if it was changed by somebody else. */
function showNote(note, isNews = false) {
  const known = notes.get(note.id) ?? addRow(note.id);
  const { title, version } = note;
  Object.assign(known, { title, version, isNews, isDeleted: false });
  known.row.classList.toggle("news", isNews);
  known.row.querySelector(".title").textContent = plainTitle(title);
  known.row.querySelector("button").setAttribute("aria-label", `Edit ${plainTitle(title)}`);
  showVersion(note.id);
  if (version > drafts.get(note.id)?.base.version) warnOfChange(note.id);
}

/** Adds an empty row at the place of a note. */
function addRow(id) {
  const row = byId("note-row").content.cloneNode(true).firstElementChild;
  row.querySelector("button").dataset.note = id;
  const next = [...notes.values()].find((other) => other.id > id);
  byId("notes").insertBefore(row, next?.row ?? null);
  const known = { id, row };
  notes.set(id, known);
  if (next !== undefined) {
    // The map has the order of the rows.
    const sorted = [...notes].sort(([one], [other]) => one - other);
    notes.clear();
    sorted.forEach(([key, note]) => notes.set(key, note));
  }
  return known;
}

/** Shows the version of a note, and if this tab has unsaved text for it. */
function showVersion(id) {
  const known = notes.get(id);
  if (known === undefined) return;
  const parts = [known.isDeleted ? "deleted" : `version ${known.version}`];
  if (known.isNews) parts.push("changed");
  if (isUnsaved(drafts.get(id))) parts.push("unsaved text");
  known.row.classList.toggle("unsaved", isUnsaved(drafts.get(id)));
  known.row.querySelector(".version").textContent = parts.join(", ");
}

/** Removes a note from the list. With unsaved text it stays, marked as deleted. */
function removeNote(id) {
  const known = notes.get(id);
  if (known === undefined) return;
  if (isUnsaved(drafts.get(id))) {
    known.isDeleted = true;
    return showVersion(id);
  }
  if (known.row.contains(document.activeElement)) byId("notes").focus();
  known.row.remove();
  notes.delete(id);
}
