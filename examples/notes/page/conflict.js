// The merge of two versions, field by field.

const LABELS = { title: "Title", text: "Text" };

/** Shows each field that somebody has changed, with the three versions side by side. */
function showMerge(draft) {
  const { base, mine, theirs } = draft;
  const { conflicts } = mergeFields(fieldsOf(base), mine, fieldsOf(theirs));
  showState(
    "Your save was refused (412), and nothing was overwritten. " +
      (conflicts.length > 0
        ? "Both of you changed the same field. Choose what it shall be, then save."
        : "You changed different fields, so both changes fit. Check them, then save."),
    true,
  );
  const changed = FIELDS.filter(
    (field) => base[field] !== mine[field] || base[field] !== theirs[field],
  );
  byId("fields").replaceChildren(...changed.map((field) => mergeField(draft, field, conflicts)));
}

function mergeField(draft, field, conflicts) {
  const { base, mine, theirs, choices } = draft;
  const element = byId("merge-field").content.cloneNode(true).firstElementChild;
  const isMine = base[field] !== mine[field];
  element.querySelector("legend").textContent = LABELS[field];
  element.querySelector(".why").textContent = conflicts.includes(field)
    ? "Both of you changed it. “Both” keeps the words of both."
    : isMine
      ? "Only you changed it, or both alike: yours is taken."
      : "Only the other side changed it: theirs is taken.";
  for (const [side, fields] of Object.entries({ base, mine, theirs })) {
    const pieces = markChanges(base[field], fields[field]);
    element.querySelector(`[data-side=${side}]`).replaceChildren(...pieces.map(showPiece));
  }
  const texts = {
    mine: mine[field],
    theirs: theirs[field],
    both: mergeWords(base[field], mine[field], theirs[field]),
  };
  if (!conflicts.includes(field)) choices[field] ??= isMine ? { side: "mine" } : { side: "theirs" };
  const result = element.querySelector("textarea");
  result.rows = field === "title" ? 1 : 4;
  for (const radio of element.querySelectorAll("input")) {
    radio.name = `choice-${field}`;
    radio.checked = choices[field]?.side === radio.value;
    radio.addEventListener("change", () => {
      choices[field] = { side: radio.value, text: texts[radio.value] };
      result.value = texts[radio.value];
      keepDrafts();
    });
  }
  if (choices[field]) result.value = choices[field].text ??= texts[choices[field].side];
  result.addEventListener("input", () => {
    choices[field] = { ...choices[field], text: result.value };
    keepDrafts();
  });
  return element;
}

function showPiece({ text, changed }) {
  if (!changed) return document.createTextNode(text);
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

/** Makes the result of the merge the draft, which starts from their version. */
async function saveMerge() {
  const id = openId;
  const draft = drafts.get(id);
  const { theirs, choices } = draft;
  // Their version is now what this one starts from.
  const merged = Object.fromEntries(
    FIELDS.map((field) => [field, choices[field]?.text ?? theirs[field]]),
  );
  Object.assign(draft, { base: theirs, mine: merged, theirs: undefined, choices: undefined });
  if (isSame(merged, theirs)) {
    tell(`You kept version ${theirs.version} of “${merged.title}”. Nothing had to be saved.`);
    return closeEditor();
  }
  keepDrafts();
  showEditor();
  await save(id);
}
