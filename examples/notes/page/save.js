// Saving a draft: its condition, and what the answers mean.

/** The time until an unanswered save is sent again, in milliseconds. */
const RETRY_INTERVAL = 5000;

/** Writes that are under way, by note. Their events must not look like those of somebody else. */
const saving = new Map();

let isRetrying = false;

/** Saves the draft of a note, or closes it if it is unchanged. The user may go on writing meanwhile. */
async function save(id, isAutomatic = false) {
  while (saving.has(id)) await saving.get(id);
  // The write before may have saved the draft, or shown the merge.
  const draft = drafts.get(id);
  if (draft === undefined || draft.theirs !== undefined) return;
  if (!isUnsaved(draft) && !draft.isDeleted) {
    if (id === openId && !isAutomatic) closeEditor();
    return;
  }
  const attempts = (async () => {
    while (await trySave(id, isAutomatic));
  })();
  saving.set(id, attempts);
  try {
    await attempts;
  } finally {
    saving.delete(id);
  }
}

/** Sends a draft once. Returns `true` if it should be sent again at once. */
async function trySave(id, isAutomatic) {
  const draft = drafts.get(id);
  const { base, isDeleted } = draft;
  if (!isDeleted && !isStrong(base.tag)) return renewTag(id, draft);
  const content = { ...draft.mine };
  // Without the condition, this could overwrite the work of somebody else.
  const headers = isDeleted ? { "If-None-Match": "*" } : { "If-Match": base.tag };
  // Even if this page is reloaded now, it knows its own text again.
  if (!isSent(draft, content)) draft.sent = [...(draft.sent ?? []), content];
  keepDrafts();
  const response = await send("PUT", `/notes/${id}`, { headers, content });
  // The user may have discarded the draft meanwhile.
  if (drafts.get(id) !== draft) return false;
  const status = response?.status;
  if (isNote(response?.content) && (status === 200 || status === 201)) {
    const reason = isDeleted ? "The note was absent" : "Nobody had saved since you started";
    addToLog(`You saved version ${response.content.version} of ${quote(content)}. ${reason}.`);
    handleSaved(id, response, isAutomatic);
    return false;
  }
  if (status === 412) return handlePreconditionFailed(id, draft, response, isAutomatic);
  if (response === null || [502, 503, 504].includes(status)) return handleNoAnswer(id, draft);
  reportUnsaved(id, describe(response));
  return false;
}

const isStrong = (tag) => tag !== null && !tag.startsWith("W/");

/** Reads the tag of a version that came with none, or with a weak one, through some proxy. */
async function renewTag(id, draft) {
  const response = await send("GET", `/notes/${id}`, { cache: "reload" });
  if (drafts.get(id) !== draft) return false;
  if (response === null) return handleNoAnswer(id, draft);
  if (response.status === 404) return handleDeleted(id, draft, "");
  if (!isNote(response.content) || !isStrong(response.tag)) {
    reportUnsaved(id, "its tag is missing or weak, perhaps because of a proxy");
    return false;
  }
  if (!isSame(response.content, draft.base)) {
    addToLog(`${quote(draft.base)} was not saved: somebody has saved another version.`);
    return showConflict(id, draft, response);
  }
  draft.base = versionOf(response);
  return true;
}

/** Keeps the draft, and says why it is not saved. */
function reportUnsaved(id, reason) {
  const draft = drafts.get(id);
  draft.isWaiting = false;
  addToLog(`${quote(draft.base)} was not saved: ${reason}.`);
  if (id === openId) showState(`Not saved: ${reason}.`, true);
}

/** Keeps a draft that had no answer. Its condition makes it safe to send it again. */
function handleNoAnswer(id, draft) {
  if (!draft.isWaiting) {
    reportUnsaved(id, "the service does not answer. Your text is kept, and sent again later");
  }
  draft.isWaiting = true;
  keepDrafts();
  retryLater();
  return false;
}

/** Sends unanswered drafts again until each has an answer. */
async function retryLater() {
  if (isRetrying) return;
  isRetrying = true;
  while ([...drafts.values()].some((draft) => draft.isWaiting)) {
    await wait(RETRY_INTERVAL);
    await saveWaiting();
  }
  isRetrying = false;
}

async function saveWaiting() {
  for (const id of drafts.keys()) {
    if (drafts.get(id)?.isWaiting) await save(id, true);
  }
}

/** Makes the saved version the base of the draft, which ends if there is no newer text. */
function handleSaved(id, response, isAutomatic) {
  const draft = drafts.get(id);
  const base = versionOf(response);
  Object.assign(draft, { base, sent: undefined, isWaiting: false, isDeleted: false });
  showNote(response.content);
  keepDrafts();
  if (id !== openId) return isUnsaved(draft) ? undefined : forgetDraft(id);
  // The editor of somebody who writes stays open.
  if (!isAutomatic && !isUnsaved(draft)) {
    const text = base.text.length > 500 ? `${base.text.slice(0, 500)}…` : base.text;
    return closeEditor(
      `Version ${base.version} of ${quote(base)} is saved. Its text is now: ${text}`,
    );
  }
  showState(`Version ${base.version} is saved. Its tag is ${base.tag ?? "missing"}.`);
}

/** Handles a 412. Returns `true` if the draft should be sent again at once. */
async function handlePreconditionFailed(id, draft, response, isAutomatic) {
  let current = response;
  if (response.content === null) {
    // Some proxy has replaced the content.
    current = await send("GET", `/notes/${id}`, { cache: "reload" });
    if (drafts.get(id) !== draft) return false;
    if (current === null) return handleNoAnswer(id, draft);
    if (current.status !== 200 && current.status !== 404) {
      reportUnsaved(id, describe(current));
      return false;
    }
  }
  if (!isNote(current.content)) return handleDeleted(id, draft, " (412)");
  if (!isSent(draft, current.content)) {
    addToLog(
      `Your save of ${quote(draft.base)} was refused (412): somebody saved version ` +
        `${current.content.version} after you opened version ${draft.base.version}. Nothing was overwritten.`,
    );
    return showConflict(id, draft, current);
  }
  // The browser, too, repeats a request whose connection broke.
  addToLog(
    `Version ${current.content.version} of ${quote(current.content)} has your text already.`,
  );
  handleSaved(id, current, isAutomatic);
  return isUnsaved(drafts.get(id));
}

/** Keeps the draft of a note that was deleted. The next save creates it. */
function handleDeleted(id, draft, status) {
  addToLog(`${quote(draft.base)} was not saved${status}: somebody has deleted it.`);
  Object.assign(draft, { isDeleted: true, isWaiting: false });
  keepDrafts();
  removeNote(id);
  if (id === openId) showEditor();
  return false;
}

/** Shows both versions, of which the user makes one. */
function showConflict(id, draft, response) {
  const theirs = versionOf(response);
  Object.assign(draft, { theirs, choices: {}, isWaiting: false, isDeleted: false });
  keepDrafts();
  showNote(response.content);
  if (id !== openId) return false;
  const hadFocus = hasEditorFocus();
  showEditor();
  if (hadFocus) byId("editor-heading").focus();
  return false;
}
