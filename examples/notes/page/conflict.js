// The merge of three versions, as the user sees it and chooses its result.
//
// It needs `merge.js` and the template `merge-field`, and nothing else of the page.
//
// `versions` is `{ base, mine, theirs }`. Each has the same fields, which are strings. So take out the
// version and other numbers of a response. `LABELS` names the fields, and only `title` has one line.
//
// `choices` has `{ side, own }` for each changed field, and can be kept as JSON. `side` is the value of
// the chosen radio button, or null if nothing is chosen yet. `own` is the text that the user has written.

const LABELS = { title: "Title", text: "Text" };

/** For each change that `mergeFields` finds, the sentence about it and the side that is taken. */
const CHANGES = {
  mine: { side: "mine", why: "Only you changed it. Yours is taken." },
  theirs: { side: "theirs", why: "Only the other side changed it. Theirs is taken." },
  same: { side: "mine", why: "You both made the same change." },
  conflict: {
    side: null,
    why: "Both of you changed it. “Both” has the words that each of you added.",
  },
};

/**
 * Shows each changed field in `container`, with the three versions side by side. Adds the choices
 * that are missing, and calls `onChoice` after each change of them. Returns `true` if there is a
 * conflict.
 */
function showMerge(container, versions, choices, onChoice) {
  const { changes } = mergeFields(versions.base, versions.mine, versions.theirs);
  const elements = Object.entries(changes).map(([field, change]) => {
    const { side, why } = CHANGES[change];
    choices[field] ??= { side };
    return showField(field, why, versions, choices[field], onChoice);
  });
  container.replaceChildren(...elements);
  return Object.values(changes).includes("conflict");
}

/** Makes the element of a field, in which the user chooses its result. */
function showField(field, why, versions, choice, onChoice) {
  const template = document.getElementById("merge-field");
  const element = template.content.cloneNode(true).firstElementChild;
  element.querySelector("legend").textContent = LABELS[field];
  element.querySelector(".why").textContent = why;
  for (const [side, version] of Object.entries(versions)) {
    const pieces = markChanges(versions.base[field], version[field]);
    element.querySelector(`[data-side=${side}]`).replaceChildren(...pieces.map(showPiece));
  }
  const result = element.querySelector("textarea");
  result.rows = field === "title" ? 1 : 4;
  result.required = field === "title";
  result.placeholder = "Choose above, or write here.";
  const showChoice = () => {
    for (const radio of element.querySelectorAll("input")) {
      radio.name = `choice-${field}`;
      radio.checked = radio.value === choice.side;
    }
    result.value = chosenText(field, versions, choice);
  };
  element.addEventListener("change", ({ target }) => {
    if (target.type !== "radio") return;
    if (target.value === "own") choice.own ??= result.value;
    choice.side = target.value;
    showChoice();
    onChoice();
  });
  result.addEventListener("input", () => {
    // A title has one line.
    choice.own = field === "title" ? result.value.replace(/[\r\n]+/g, " ") : result.value;
    choice.side = "own";
    element.querySelector("[value=own]").checked = true;
    onChoice();
  });
  showChoice();
  return element;
}

/** Returns the fields as the user has chosen them, and as the sides agree on the others. */
function applyChoices(versions, choices) {
  const { merged } = mergeFields(versions.base, versions.mine, versions.theirs);
  for (const [field, choice] of Object.entries(choices)) {
    merged[field] = chosenText(field, versions, choice);
  }
  return merged;
}

function chosenText(field, { base, mine, theirs }, { side, own }) {
  switch (side) {
    case "mine":
      return mine[field];
    case "theirs":
      return theirs[field];
    case "both":
      return mergeBoth(base[field], mine[field], theirs[field], field === "title" ? " " : "\n\n");
    case "own":
      return own;
    default:
      return "";
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
