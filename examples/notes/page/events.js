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
  events.addEventListener("missed", () => readNotes());
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
  const wasDeleted = known?.isDeleted;
  const response = await send("GET", `/notes/${id}`);
  if (isUnanswered(response)) {
    await wait(RETRY_INTERVAL);
    return noteChanged({ change, id, version });
  }
  if (response.status !== 200 || !isNote(response.content)) return;
  // The version may be that of a save that was sent meanwhile.
  while (saving.has(id)) await saving.get(id);
  // Another event may have changed or removed it meanwhile.
  if (notes.get(id) !== known || known?.isDeleted !== wasDeleted) return;
  if (isKnown(response.content.version)) return;
  const draft = drafts.get(id);
  if (isSent(draft, response.content) && draft.theirs === undefined) {
    draft.isWaiting = handleArrived(id, response, true);
    keepDrafts();
    return save(id, true);
  }
  showNote(response.content, known !== undefined);
  noteExists(id);
  addToLog(`Somebody saved version ${response.content.version} of ${quote(response.content)}.`);
}

/** Takes back that a note with a draft was deleted. The next save shows both texts. */
function noteExists(id) {
  const draft = drafts.get(id);
  if (!draft?.isDeleted) return;
  draft.isDeleted = false;
  keepDrafts();
  if (id === openId) showEditor();
  warnOfChange(id);
}

function noteDeleted(id) {
  const draft = drafts.get(id);
  if (draft !== undefined && draft.theirs === undefined) {
    Object.assign(draft, { isDeleted: true, isWaiting: false });
    keepDrafts();
    if (id === openId) showEditor();
  }
  const known = notes.get(id);
  if (known !== undefined) addToLog(`Somebody deleted ${quote(known)}.`);
  removeNote(id);
}
