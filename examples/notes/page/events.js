// The events of the service, which keep the list current.

/** The time without events after which the page says so, in milliseconds. */
const SILENCE = 3000;

/** The number of changes that were announced. */
let changeCount = 0;

/** The stream of events, while this tab is visible. */
let events = null;

/** Follows the changes. A browser opens few connections, so a hidden tab takes none. */
function followEvents() {
  if (document.hidden) return;
  events?.close();
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
  setText("connection", "");
  // Earlier changes are in no event.
  await readNotes();
  await saveWaiting();
}

async function disconnected() {
  const broken = events;
  if (broken?.readyState === EventSource.CLOSED) {
    // Otherwise the browser connects again by itself.
    wait(1000).then(() => events === broken && followEvents());
  }
  await wait(SILENCE);
  if (document.hidden || events?.readyState === EventSource.OPEN) return;
  setText(
    "connection",
    "Changes of others do not arrive at the moment. You can go on writing: your text is kept in this tab.",
  );
}

/** Reads a note that was changed, unless the change is known from the own save. */
async function noteChanged({ change, id, version }) {
  changeCount++;
  await saving.get(id);
  const known = notes.get(id);
  const isKnown = (latest) => known && !known.isDeleted && known.version >= latest;
  if (change === "deleted") return noteDeleted(id);
  if (isKnown(version) || (known === undefined && notes.size >= LISTED)) return;
  const response = await send("GET", `/notes/${id}`);
  if (response?.status !== 200 || !isNote(response.content)) return;
  // Another event may have changed or removed it meanwhile.
  if (notes.get(id) !== known || isKnown(response.content.version)) return;
  if (isSent(drafts.get(id), response.content)) return save(id, true);
  showNote(response.content, known !== undefined);
  addToLog(`Somebody saved version ${response.content.version} of ${quote(response.content)}.`);
}

function noteDeleted(id) {
  const known = notes.get(id);
  if (known === undefined) return;
  addToLog(`Somebody deleted ${quote(known)}.`);
  const draft = drafts.get(id);
  if (draft !== undefined && id === openId && draft.theirs === undefined) {
    draft.isDeleted = true;
    keepDrafts();
    showEditor();
  }
  removeNote(id);
}
