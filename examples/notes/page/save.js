// Saving a draft: its condition, and what the answers mean.

/** Saves that are under way, by note. Their events must not look like those of somebody else. */
const saving = new Map();

/** Saves the draft of a note. The user may go on writing meanwhile. */
async function save(id, isAutomatic = false) {
  if (saving.has(id)) return;
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
  const { tag, base } = draft;
  if (!draft.isDeleted && !isStrong(tag)) {
    refuse(id, base, "a proxy has removed or weakened the tag, so no version can be named");
    return false;
  }
  const content = { ...draft.mine };
  // Without the condition, this could overwrite the work of somebody else.
  const headers = draft.isDeleted ? { "If-None-Match": "*" } : { "If-Match": tag };
  draft.isWaiting = false;
  const response = await send("PUT", `/notes/${id}`, { headers, content });
  // The user may have discarded the draft meanwhile.
  if (drafts.get(id) !== draft) return false;
  switch (response?.status) {
    case 200:
    case 201:
      tell(
        `You saved version ${response.content.version} of “${content.title}”. ` +
          (draft.isDeleted ? "The note did not exist." : `It still had the tag ${tag}.`),
      );
      accepted(id, response, isAutomatic);
      return false;
    case 412:
      return refused(id, content, response, isAutomatic);
    case undefined:
    case 502:
    case 503:
    case 504:
      // The note may have been written. The condition makes it safe to send it again.
      Object.assign(draft, { isWaiting: true, sent: content });
      keepDrafts();
      refuse(id, base, "the service does not answer. Your text is kept, and sent again later");
      return false;
    default:
      refuse(id, base, describe(response));
      return false;
  }
}

const isStrong = (tag) => tag !== null && !tag.startsWith("W/");

function refuse(id, { title }, reason) {
  tell(`“${title}” was not saved: ${reason}.`);
  if (id === openId) showState(`Not saved: ${reason}.`, true);
}

/** Makes the saved version the base of the draft, which ends if there is no newer text. */
function accepted(id, { tag, content }, isAutomatic) {
  const draft = drafts.get(id);
  replaceNote(content);
  const base = fieldsOf(content);
  Object.assign(draft, { tag, base, version: content.version, sent: undefined, isDeleted: false });
  if (id !== openId) return isUnsaved(draft) ? undefined : forgetDraft(id);
  // The editor of somebody who writes stays open.
  if (!isAutomatic && !isUnsaved(draft)) return closeEditor();
  keepDrafts();
  showVersion(id);
  showState(`Version ${content.version} is saved. Its tag is ${tag}.`);
}

/** Handles a 412 to this content. Returns `true` if the draft should be sent again at once. */
function refused(id, content, response, isAutomatic) {
  const { tag, content: current } = response;
  const draft = drafts.get(id);
  if (!isNote(current)) {
    Object.assign(draft, { isDeleted: true, theirs: undefined });
    removeNote(id);
    keepDrafts();
    tell(`“${draft.base.title}” was not saved (412): somebody has deleted it.`);
    if (id === openId) showEditor();
    return false;
  }
  const theirs = fieldsOf(current);
  const isSent = draft.sent !== undefined && isSame(draft.sent, theirs);
  if (isSent || isSame(content, theirs)) {
    // The browser, too, repeats a request whose connection broke.
    tell(`Version ${current.version} of “${theirs.title}” has your text already.`);
    accepted(id, response, isAutomatic);
    return isUnsaved(drafts.get(id));
  }
  replaceNote(current);
  tell(
    `Your save of “${draft.base.title}” was refused (412): its tag is no longer ${draft.tag}. ` +
      "Nothing was overwritten.",
  );
  Object.assign(draft, { tag, theirs, version: current.version, isDeleted: false, choices: {} });
  keepDrafts();
  if (id === openId) {
    showEditor();
    byId("editor-heading").focus();
  }
  return false;
}

/** Saves the drafts that had no answer. */
async function saveWaiting() {
  for (const [id, draft] of [...drafts]) {
    if (draft.isWaiting) await save(id, true);
  }
}
