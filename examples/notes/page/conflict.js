// The merge of two versions, field by field.

const LABELS = { title: "Title", text: "Text" };

/** Shows each field that somebody has changed, with the three versions side by side. */
function showMerge(draft) {
  const { base, mine, theirs } = draft;
  draft.choices ??= {};
  const { conflicts } = mergeFields(fieldsOf(base), mine, fieldsOf(theirs));
  showState(
    "Somebody else has saved another version, and nothing was overwritten. " +
      (conflicts.length > 0
        ? "Both of you changed the same field. Choose the text to keep, then save."
        : "You changed different fields, so both changes fit. Check them, then save."),
    true,
  );
  const isChanged = (field) => base[field] !== mine[field] || base[field] !== theirs[field];
  const elements = FIELDS.filter(isChanged).map((field) => mergeField(draft, field, conflicts));
  byId("fields").replaceChildren(...elements);
}

/** Makes the element of a field, in which the user chooses its result. */
function mergeField(draft, field, conflicts) {
  const { base, mine, theirs, choices } = draft;
  const element = byId("merge-field").content.cloneNode(true).firstElementChild;
  const isMine = base[field] !== mine[field];
  const isConflict = conflicts.includes(field);
  element.querySelector("legend").textContent = LABELS[field];
  element.querySelector(".why").textContent = isConflict
    ? "Both of you changed it. “Both” has the words that each of you added."
    : mine[field] === theirs[field]
      ? "You both made the same change."
      : isMine
        ? "Only you changed it. Yours is taken."
        : "Only the other side changed it. Theirs is taken.";
  for (const [side, version] of Object.entries({ base, mine, theirs })) {
    const pieces = markChanges(base[field], version[field]);
    element.querySelector(`[data-side=${side}]`).replaceChildren(...pieces.map(showPiece));
  }
  choices[field] ??= { side: isConflict ? null : isMine ? "mine" : "theirs" };
  const choice = choices[field];
  const result = element.querySelector("textarea");
  result.rows = field === "title" ? 1 : 4;
  result.required = field === "title";
  result.placeholder = "Choose above, or write here.";
  const showChoice = () => {
    for (const radio of element.querySelectorAll("input")) {
      radio.name = `choice-${field}`;
      radio.checked = radio.value === choice.side;
    }
    result.value = mergedField(draft, field);
    keepDrafts();
  };
  element.addEventListener("change", ({ target }) => {
    if (target.type !== "radio") return;
    if (target.value === "own") choice.own ??= result.value;
    choice.side = target.value;
    showChoice();
  });
  result.addEventListener("input", () => {
    // A title has one line.
    choice.own = field === "title" ? result.value.replace(/[\r\n]+/g, " ") : result.value;
    if (choice.side === "own") return keepDrafts();
    choice.side = "own";
    element.querySelector("[value=own]").checked = true;
    keepDrafts();
  });
  showChoice();
  return element;
}

/** Returns the text of a field as the user has chosen it. */
function mergedField({ base, mine, theirs, choices }, field) {
  switch (choices[field]?.side) {
    case "mine":
      return mine[field];
    case "both":
      return mergeBoth(base[field], mine[field], theirs[field], field === "title" ? " " : "\n\n");
    case "own":
      return choices[field].own ?? "";
    case null:
      return "";
    default:
      // Theirs was chosen, or nobody has changed this field.
      return theirs[field];
  }
}

/** Returns one text with the words of both. Two texts that are new as a whole stay whole. */
function mergeBoth(base, mine, theirs, separator) {
  const isNew = [mine, theirs].every((text) => isRewritten(base, text));
  return isNew ? theirs + separator + mine : mergeWords(base, mine, theirs);
}

/** Returns `true` if less than half of a text was kept. */
function isRewritten(base, text) {
  const kept = markChanges(text, base).filter(({ changed }) => !changed);
  return kept.reduce((length, piece) => length + piece.text.length, 0) < base.length / 2;
}

function showPiece({ text, changed }) {
  if (!changed) return document.createTextNode(text);
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

/** Saves the result of the merge, with the condition that their version is still the current one. */
async function saveMerge() {
  const id = openId;
  const draft = drafts.get(id);
  const { theirs } = draft;
  const mine = Object.fromEntries(FIELDS.map((field) => [field, mergedField(draft, field)]));
  Object.assign(draft, { base: theirs, mine, theirs: undefined, choices: undefined });
  if (isSame(mine, theirs)) {
    addToLog(`You kept version ${theirs.version} of ${quote(theirs)}. Nothing had to be saved.`);
    return closeEditor();
  }
  keepDrafts();
  showEditor();
  await save(id);
}
