// The list of notes, and the events that keep it current.

/** The number of notes in the list. A database may have more. */
const LISTED = 200;

/** The notes of the list by their number, each with its row. */
const notes = new Map();

/** Tells if the list was read, or a read is under way. */
let isListed = false;

/** Reads the list. The browser's cache answers if it is unchanged. */
async function readNotes() {
  isListed = true;
  const response = await send("GET", "/notes");
  if (response === null) return;
  if (response.status !== 200) return tell(`The list cannot be read: ${describe(response)}.`);
  const listed = response.content.slice(0, LISTED);
  listed.forEach(showNote);
  const present = new Set(listed.map((note) => note.id));
  [...notes.keys()].filter((id) => !present.has(id)).forEach(removeNote);
}

/** Shows a note in its row. A response that was overtaken by a newer one changes nothing. */
function showNote(note) {
  let known = notes.get(note.id);
  if (known && known.version > note.version) return;
  if (!known) {
    known = { id: note.id, row: byId("note-row").content.cloneNode(true).firstElementChild };
    const next = [...notes.values()].find((other) => other.id > note.id);
    byId("notes").insertBefore(known.row, next?.row ?? null);
    notes.set(note.id, known);
    sortNotes();
  }
  known.row.classList.toggle("news", known.version < note.version);
  known.version = note.version;
  known.title = note.title;
  const [button] = known.row.getElementsByTagName("button");
  button.textContent = "Edit";
  button.setAttribute("aria-label", `Edit ${note.title}`);
  button.dataset.note = note.id;
  known.row.querySelector(".title").textContent = note.title;
  showVersion(note.id);
  if (note.version > drafts.get(note.id)?.base.version) warnOfChange(note.id);
}

/** Keeps the order of the map that of the rows. */
function sortNotes() {
  const last = [...notes.keys()].at(-1);
  if ([...notes.keys()].every((id) => id <= last)) return;
  const sorted = [...notes].sort(([one], [other]) => one - other);
  notes.clear();
  sorted.forEach(([id, note]) => notes.set(id, note));
}

/** Shows the version of a note, and if this tab has unsaved text for it. */
function showVersion(id) {
  const known = notes.get(id);
  if (!known) return;
  const unsaved = isUnsaved(drafts.get(id)) ? ", unsaved text" : "";
  known.row.querySelector(".version").textContent = `version ${known.version}${unsaved}`;
}

/** Shows a note that was read or written just now, also if it was deleted and has versions from 1. */
function replaceNote(note) {
  if (notes.get(note.id)?.version > note.version) removeNote(note.id);
  showNote(note);
  notes.get(note.id).row.classList.remove("news");
}

function removeNote(id) {
  notes.get(id)?.row.remove();
  notes.delete(id);
}

/** Reads a note that somebody has changed, unless the change is known from the own save. */
async function noteChanged({ change, id, version }) {
  await saving.get(id);
  const known = notes.get(id);
  if (change === "deleted") {
    if (known) tell(`Somebody deleted “${known.title}”.`);
    removeNote(id);
    return warnOfChange(id);
  }
  if (known?.version >= version) return;
  if (!known && notes.size >= LISTED) return;
  const response = await send("GET", `/notes/${id}`);
  if (response?.status !== 200) return;
  // The response may be newer than the event, and then the next event is known.
  if (known?.version >= response.content.version) return;
  showNote(response.content);
  tell(`Somebody saved version ${response.content.version} of “${response.content.title}”.`);
}

/** The stream of events, while this tab is visible. */
let events = null;

/** Follows the changes. A browser opens few connections, so a hidden tab takes none. */
function followEvents() {
  if (document.hidden) return;
  events = new EventSource("/events");
  events.addEventListener("open", connected);
  events.addEventListener("error", disconnected);
  events.addEventListener("note", (event) => noteChanged(JSON.parse(event.data)));
  events.addEventListener("missed", readNotes);
}

function stopEvents() {
  events?.close();
  events = null;
}

async function connected() {
  byId("connection").textContent = "";
  // What changed before is in no event.
  await readNotes();
  await saveWaiting();
}

async function disconnected() {
  byId("connection").textContent =
    "The service does not answer. You can go on writing: your text is kept in this tab.";
  // Some errors end the stream for good.
  if (events?.readyState !== EventSource.CLOSED) return;
  stopEvents();
  await wait(1000);
  if (events === null) followEvents();
}
