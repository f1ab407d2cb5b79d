// Saving a draft: its condition, and what the answers mean.

/** The time until an unanswered save is sent again, in milliseconds. */
const RETRY_INTERVAL = 5000;

/** The largest body that the service accepts, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** Writes that are under way, by note. Their events must not look like those of somebody else. */
const saving = new Map();

let isRetrying = false;

/** Saves the draft of a note, or closes it if it is unchanged. The user may go on writing meanwhile. */
async function save(id, isAutomatic = false) {
  const draft = drafts.get(id);
  const wasDeleted = draft?.isDeleted;
  while (saving.has(id)) await saving.get(id);
  // The write before may have saved the draft, or shown the merge. The user may have discarded it.
  if (draft === undefined || drafts.get(id) !== draft || draft.theirs !== undefined) return;
  // The user has not seen yet that a save creates the note.
  if (draft.isDeleted && !wasDeleted) return;
  // Nobody has asked to save newer text, or to create a note that was deleted after the save.
  if (isAutomatic && !draft.isWaiting) return;
  if (!isUnsaved(draft) && !draft.isDeleted) {
    if (id === openId && !isAutomatic) closeEditor();
    return;
  }
  if (!isAutomatic) draft.asked = { ...draft.mine };
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
  const { base, isDeleted, sent } = draft;
  if (!isDeleted && !isStrong(base.tag)) return renewTag(id, draft, isAutomatic);
  const content = draft.asked ?? draft.mine;
  // The service would end the connection in the middle, and its answer could be lost.
  if (new Blob([JSON.stringify(content)]).size > MAX_BODY_BYTES) {
    return reportUnsaved(id, "the note is longer than 64 KiB in JSON");
  }
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
    const reason = isDeleted
      ? "The note was absent"
      : `Nobody had saved since version ${base.version}`;
    addToLog(`You saved version ${response.content.version} of ${quote(content)}. ${reason}.`);
    handleSaved(id, response, isAutomatic);
    return false;
  }
  if (status === 412) return handlePreconditionFailed(id, draft, response, isAutomatic);
  if (isUnanswered(response)) return handleNoAnswer(id, draft);
  // Refused content is not saved, unless an earlier request had it too.
  if (status >= 400 && status < 500) draft.sent = sent;
  return reportUnsaved(id, describe(response));
}

/** Returns `true` if the service has not answered, but perhaps a proxy in its place. */
const isUnanswered = (response) => response === null || [502, 503, 504].includes(response.status);

const isStrong = (tag) => tag !== null && !tag.startsWith("W/");

/** Reads the tag of a version that came with none, or with a weak one, through some proxy. */
async function renewTag(id, draft, isAutomatic) {
  const response = await send("GET", `/notes/${id}`, { cache: "reload" });
  if (drafts.get(id) !== draft) return false;
  if (isUnanswered(response)) return handleNoAnswer(id, draft);
  if (response.status === 404) return handleDeleted(id, draft, "");
  if (!isNote(response.content) || !isStrong(response.tag)) {
    return reportUnsaved(id, "its tag is missing or weak, perhaps because of a proxy");
  }
  if (!isSame(response.content, draft.base)) {
    addToLog(`${quote(draft.base)} was not saved: somebody has saved another version.`);
    return showConflict(id, draft, response, isAutomatic);
  }
  draft.base = versionOf(response);
  return true;
}

/** Keeps the draft, and says why it is not saved. Returns `false`: it is not sent again at once. */
function reportUnsaved(id, reason) {
  const draft = drafts.get(id);
  draft.isWaiting = false;
  keepDrafts();
  addToLog(`${quote(draft.base)} was not saved: ${reason}.`);
  if (id === openId) showState(`Not saved: ${reason}.`, true);
  return false;
}

/** Keeps a draft that had no answer. Its condition makes it safe to send it again. */
function handleNoAnswer(id, draft) {
  if (!draft.isWaiting) {
    const next = draft.isDeleted ? "Save again later" : "It is sent again later";
    reportUnsaved(id, `the service does not answer. Your text is kept. ${next}`);
  }
  draft.isWaiting = !draft.isDeleted;
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
  const waiting = [...drafts].filter(([, draft]) => draft.isWaiting);
  await Promise.all(waiting.map(([id]) => save(id, true)));
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
  const newer = isUnsaved(draft) ? " What you have written since is not saved yet." : "";
  showState(`Version ${base.version} is saved.${newer}`);
}

/** Handles a 412. Returns `true` if the draft should be sent again at once. */
async function handlePreconditionFailed(id, draft, response, isAutomatic) {
  let current = response;
  if (response.content === null) {
    // Some proxy has replaced the content.
    current = await send("GET", `/notes/${id}`, { cache: "reload" });
    if (drafts.get(id) !== draft) return false;
    if (isUnanswered(current)) return handleNoAnswer(id, draft);
    if (current.status !== 200 && current.status !== 404) {
      return reportUnsaved(id, describe(current));
    }
  }
  if (!isNote(current.content)) return handleDeleted(id, draft, " (412)");
  if (!isSent(draft, current.content)) {
    addToLog(
      `Your save of ${quote(draft.base)} was refused (412): somebody saved version ` +
        `${current.content.version} after you opened version ${draft.base.version}. Nothing was overwritten.`,
    );
    return showConflict(id, draft, current, isAutomatic);
  }
  return handleArrived(id, current, isAutomatic);
}

/**
 * Takes a note with a text that was sent before as saved. The browser, too, repeats a request whose
 * connection broke. Returns `true` if another text is still to be sent.
 */
function handleArrived(id, response, isAutomatic) {
  const { content } = response;
  addToLog(`Version ${content.version} of ${quote(content)} has your text already.`);
  const { asked } = drafts.get(id);
  handleSaved(id, response, isAutomatic);
  return drafts.has(id) && asked !== undefined && !isSame(asked, content);
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
function showConflict(id, draft, response, isAutomatic) {
  if (isAutomatic && id === openId && hasEditorFocus()) {
    // What the user writes at this moment would be lost.
    draft.isWaiting = false;
    showNote(response.content, true);
    warnOfChange(id);
    return false;
  }
  const theirs = versionOf(response);
  // Requests with the old tag cannot arrive any more.
  const isSettled = { asked: undefined, sent: undefined, isWaiting: false, isDeleted: false };
  Object.assign(draft, isSettled, { theirs, choices: {} });
  keepDrafts();
  showNote(response.content);
  if (id !== openId) return false;
  const hadFocus = hasEditorFocus();
  showEditor();
  if (hadFocus) byId("editor-heading").focus();
  return false;
}

/** Saves the result of the merge, with the condition that their version is still the current one. */
async function saveMerge() {
  const id = openId;
  const draft = drafts.get(id);
  const { theirs, choices } = draft;
  const mine = applyChoices(versionsToMerge(draft), choices);
  Object.assign(draft, { mine, theirs: undefined, choices: undefined });
  const isTheirs = isSame(mine, theirs);
  // With the old base, the text still counts as unsaved.
  if (isTheirs && notes.get(id)?.isDeleted) return handleDeleted(id, draft, "");
  draft.base = theirs;
  if (isTheirs) {
    addToLog(`You kept version ${theirs.version} of ${quote(theirs)}. Nothing had to be saved.`);
    return closeEditor();
  }
  keepDrafts();
  showEditor();
  await save(id);
}
