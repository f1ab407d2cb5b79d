// The three-way merge of a note.
//
// `base` is the note as both sides read it. `mine` is the version of this
// browser, and `theirs` is the version that somebody else saved meanwhile. Only
// the base tells a word that one side added from a word that the other side
// removed.

/**
 * Merges notes field by field. The values are strings, and an absent field is
 * the same as "".
 *
 * Returns `{ merged, changes }`. `changes` has each field that was changed, and
 * by whom:
 * - "mine" or "theirs": by this side alone,
 * - "same": by both sides alike,
 * - "conflict": by both sides differently.
 *
 * `merged` has the value of each field without a conflict.
 *
 * `theirs` is null if the note was deleted. Each field that `mine` changed is
 * then a conflict, and `merged` has the others as they were. Without a conflict,
 * the deletion loses nothing of `mine`.
 */
function mergeFields(base, mine, theirs) {
  // Inherited properties, such as `constructor`, are no fields.
  const read = (note, field) => (Object.hasOwn(note, field) ? note[field] : "");
  const merged = new Map();
  const changes = new Map();
  for (const field of new Set([base, mine, theirs ?? {}].flatMap(Object.keys))) {
    const [before, own, other] = [base, mine, theirs ?? base].map((note) => read(note, field));
    if (own === before) {
      merged.set(field, other);
      if (other !== before) changes.set(field, "theirs");
    } else if (theirs !== null && (other === before || other === own)) {
      merged.set(field, own);
      changes.set(field, other === own ? "same" : "mine");
    } else changes.set(field, "conflict");
  }
  // An assignment to `merged.__proto__` would set the prototype.
  return { merged: Object.fromEntries(merged), changes: Object.fromEntries(changes) };
}

/**
 * Merges two changed versions of a text word by word, and returns one text.
 *
 * A word of `base` stays if both sides kept it. A word that either side added
 * is in the result, after the word that it follows on that side. If both sides
 * added words at the same place, theirs come first. If one of these additions
 * contains the other, the longer one is there once. A moved word counts as
 * removed and added.
 */
function mergeWords(base, mine, theirs) {
  const [baseWords, myWords, theirWords] = [base, mine, theirs].map(splitWords);
  const myOrigins = findWordOrigins(baseWords, myWords);
  const theirOrigins = findWordOrigins(baseWords, theirWords);
  const leadingSpace = mergeSpaceBefore(baseWords[0], myWords[0], theirWords[0]);
  const result = { text: "", lastWord: null, leadingSpace };
  let [i, j] = [0, 0];
  baseWords.forEach((word, index) => {
    const myAdded = takeAddedWords(myWords, myOrigins, i);
    const theirAdded = takeAddedWords(theirWords, theirOrigins, j);
    i += myAdded.length;
    j += theirAdded.length;
    const [mySpace, theirSpace] = [myWords[i].space, theirWords[j].space];
    const isTheirsEnough = containsWords(theirAdded, myAdded);
    const isMineEnough = !isTheirsEnough && containsWords(myAdded, theirAdded);
    if (!isMineEnough) appendWords(result, theirAdded, theirSpace);
    if (!isTheirsEnough) appendWords(result, myAdded, mySpace);
    const isInMine = myOrigins[i] === index;
    const isInTheirs = theirOrigins[j] === index;
    if (isInMine && isInTheirs) {
      const space = mergeSpaceBefore(word, myWords[i], theirWords[j]);
      appendWords(result, [{ space, text: word.text }], theirSpace || mySpace);
    }
    if (isInMine) i++;
    if (isInTheirs) j++;
  });
  return result.text;
}

/**
 * Cuts `other` into pieces `{ text, changed }` for display. The joined texts are
 * `other`. `changed` is true for words that are not from `base`, and for
 * whitespace that differs from that of `base`. No two neighbors have the same
 * `changed`, and no piece is empty.
 *
 * `markChanges(other, base)` marks the words of `base` that `other` removed.
 */
function markChanges(base, other) {
  const [baseWords, otherWords] = [splitWords(base), splitWords(other)];
  const origins = findWordOrigins(baseWords, otherWords);
  const pieces = [];
  const add = (text, changed) => {
    const last = pieces.at(-1);
    if (last?.changed === changed) last.text += text;
    else if (text !== "") pieces.push({ text, changed });
  };
  for (const [index, { space, text }] of otherWords.entries()) {
    const origin = baseWords[origins[index]];
    add(space, space !== origin?.space);
    add(text, origin === undefined);
  }
  return pieces;
}

/**
 * Matches whitespace and the word after it, which is empty at the end. Chinese
 * and Japanese have no spaces between words, so each of their characters is a
 * word. Marks such as accents stay with their character.
 */
const SPACE_AND_WORD =
  /(\s*)([\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]\p{M}*|(?:[^\s\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]|\p{M})+|$)/gu;

/**
 * Splits a text into words, each with the whitespace before it. The last word is
 * empty and has the whitespace at the end. Each text has this word.
 */
function splitWords(text) {
  const words = [];
  for (const [, space, word] of text.matchAll(SPACE_AND_WORD)) {
    words.push({ space, text: word });
    if (word === "") break;
  }
  return words;
}

/**
 * Returns, for each word of `other`, its index in `base`, or -1 if it was added.
 * The indices ascend.
 */
function findWordOrigins(base, other) {
  const origins = new Int32Array(other.length).fill(-1);
  // Numbers are compared faster than words.
  const numbers = new Map();
  const toNumber = ({ text }) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text);
  };
  const [from, to] = [base.map(toNumber), other.map(toNumber)];
  // Most changes are small, so most words are before or after all of them.
  let [start, fromEnd, toEnd] = [0, from.length, to.length];
  while (start < Math.min(fromEnd, toEnd) && from[start] === to[start]) {
    origins[start] = start++;
  }
  while (start < Math.min(fromEnd, toEnd) && from[fromEnd - 1] === to[toEnd - 1]) {
    origins[--toEnd] = --fromEnd;
  }
  const pairs = pairWords(from.slice(start, fromEnd), to.slice(start, toEnd));
  for (const [i, j] of pairs) origins[start + j] = start + i;
  return origins;
}

/**
 * The largest number of added and removed words, together, that `pairWords`
 * searches for. It bounds the time, to some 10 ms for 64 KiB, and the memory, to
 * 1 MB. Beyond this limit, all words between the first change and the last count
 * as removed and added. A merge can then have words twice, but it loses none.
 */
const MOST_CHANGED_WORDS = 500;

/**
 * Pairs equal words such that the fewest are left over, which were removed from
 * `base` or added in `other`. Returns the pairs of indices, or none if more than
 * `MOST_CHANGED_WORDS` words are left over.
 *
 * This is the greedy algorithm of Myers (1986). Among all paths through both texts
 * with the same numbers of removed and added words, only the one that comes
 * furthest matters. First the path without changes is tried, then all with one
 * change, and so on, until one comes to the end of both texts.
 */
function pairWords(base, other) {
  // `furthest[changes][removed]` is the index in `base` that the path comes to.
  const furthest = [];
  for (let changes = 0; changes <= MOST_CHANGED_WORDS; changes++) {
    furthest.push(new Int32Array(changes + 1));
    for (let removed = 0; removed <= changes; removed++) {
      let i = indexAfterChange(furthest, changes, removed);
      let j = i - removed + (changes - removed);
      while (i < base.length && j < other.length && base[i] === other[j]) {
        i++;
        j++;
      }
      furthest[changes][removed] = i;
      if (i === base.length && j === other.length) {
        return tracePairedWords(furthest, changes, removed);
      }
    }
  }
  return [];
}

/**
 * Returns the index in `base` right after the last change of a path, before the
 * equal words that follow. The change is a removed word or an added word.
 */
function indexAfterChange(furthest, changes, removed) {
  if (changes === 0) return 0;
  const before = furthest[changes - 1];
  if (removed === 0) return before[0];
  if (removed === changes) return before[removed - 1] + 1;
  return Math.max(before[removed - 1] + 1, before[removed]);
}

/** Follows a path of `pairWords` from its end back to the start. */
function tracePairedWords(furthest, changes, removed) {
  const pairs = [];
  for (; changes >= 0; changes--) {
    const start = indexAfterChange(furthest, changes, removed);
    for (let i = furthest[changes][removed] - 1; i >= start; i--) {
      pairs.push([i, i - removed + (changes - removed)]);
    }
    if (removed > 0 && start === furthest[changes - 1][removed - 1] + 1) removed--;
  }
  return pairs;
}

/**
 * Returns the added words from index `start` to the next word from the base. The
 * empty word at the end is from the base.
 */
function takeAddedWords(words, origins, start) {
  let end = start;
  while (origins[end] === -1) end++;
  return words.slice(start, end);
}

function containsWords(words, part) {
  if (part.length === 0 || words.length < part.length) return part.length === 0;
  // Words have no spaces, so none begins or ends within another.
  const join = (list) => ` ${list.map((word) => word.text).join(" ")} `;
  return join(words).includes(join(part));
}

/**
 * Returns the whitespace before a word that both sides kept. If both sides
 * changed the whitespace, that of `mine` is taken. No word is lost by that.
 */
function mergeSpaceBefore(base, mine, theirs) {
  return mine.space === base.space ? theirs.space : mine.space;
}

/**
 * Appends words to the result. `spare` is the whitespace that is written where
 * two words would become one.
 */
function appendWords(result, words, spare) {
  for (let { space, text } of words) {
    if (result.lastWord === null) space = result.leadingSpace;
    else if (space === "" && isOneWord(result.lastWord, text)) space = spare || " ";
    result.text += space + text;
    result.lastWord = text;
  }
}

function isOneWord(first, second) {
  return (first + second).matchAll(SPACE_AND_WORD).next().value[2] !== first;
}
