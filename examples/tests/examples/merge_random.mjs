// Tests of the three-way merge of the page with random texts.
//
// MERGE_SEED=1 repeats a run, which printed this number.

import assert from "node:assert/strict";
import test from "node:test";

import { markChanges, mergeWords, times, words } from "./merge_script.mjs";

const SEED = Number(process.env.MERGE_SEED ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = 1000;
console.error(`MERGE_SEED=${SEED}`);

// Runs a check with random inputs: `random(n)` is an integer below n.
function check(name, round) {
  test(`${name} (MERGE_SEED=${SEED})`, () => {
    let state = SEED;
    const random = (end) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * end);
    };
    for (let number = 0; number < ROUNDS; number++) round(random);
  });
}

const pick = (random, list) => list[random(list.length)];

// Each word of `base` is kept or removed, and added words go before it.
function randomEdit(random, base, newWord) {
  const added = times(base.length + 1, () => times(random(5) === 0 ? 1 + random(3) : 0, newWord));
  const kept = base.map(() => random(4) !== 0);
  const list = base.flatMap((word, i) => [...added[i], ...(kept[i] ? [word] : [])]);
  return { added, kept, list: [...list, ...added[base.length]] };
}

// Joins words with random whitespace.
function randomText(random, list) {
  const space = () => pick(random, [" ", " ", "\n", "\r\n", "  \n\n"]);
  const end = () => pick(random, ["", "", "\n", " "]);
  return end() + list.map((word, i) => (i === 0 ? word : space() + word)).join("") + end();
}

check("no word is lost, doubled or moved", (random) => {
  const base = times(random(12), (i) => `b${i}`);
  let number = 0;
  // Both sides add the words "s0", "s1" .. at times, so additions are alike.
  const mine = randomEdit(random, base, () => (random(2) ? `m${number++}` : `s${random(3)}`));
  const theirs = randomEdit(random, base, () => (random(2) ? `t${number++}` : `s${random(3)}`));
  const expected = [];
  const pending = { mine: [], theirs: [] };
  // Returns the words that one side adds between two words that it kept.
  const gather = ({ added, kept }, i) => {
    if (i > 0 && !kept[i - 1]) return [];
    let end = i;
    while (end < base.length && !kept[end]) end++;
    return added.slice(i, end + 1).flat();
  };
  const has = (list, part) =>
    part.length === 0 || list.some((_, i) => part.every((word, k) => list[i + k] === word));
  for (let i = 0; i <= base.length; i++) {
    pending.mine = gather(mine, i);
    pending.theirs = gather(theirs, i);
    if (has(pending.theirs, pending.mine)) expected.push(...pending.theirs);
    else if (has(pending.mine, pending.theirs)) expected.push(...pending.mine);
    else expected.push(...pending.theirs, ...pending.mine);
    if (i < base.length && mine.kept[i] && theirs.kept[i]) expected.push(base[i]);
  }
  const texts = [base, mine.list, theirs.list].map((list) => randomText(random, list));
  assert.deepEqual(words(mergeWords(...texts)), expected, JSON.stringify(texts));
});

check("no occurrence of a word is lost where words repeat", (random) => {
  const base = times(random(16), () => pick(random, ["a", "b", "c"]));
  const mine = randomEdit(random, base, () => pick(random, ["m", "n"])).list;
  const theirs = randomEdit(random, base, () => pick(random, ["t", "u"])).list;
  const merged = words(mergeWords(...[base, mine, theirs].map((list) => randomText(random, list))));
  const only = (list, some) => list.filter((word) => some.includes(word));
  assert.deepEqual(only(merged, "mn"), only(mine, "mn"));
  assert.deepEqual(only(merged, "tu"), only(theirs, "tu"));
  for (const word of ["a", "b", "c"]) {
    const [before, own, other] = [base, mine, theirs].map((list) => only(list, word).length);
    const result = only(merged, word).length;
    assert(result <= Math.min(own, other) && result >= own + other - before, word);
  }
  assert.equal(merged.length, only(merged, "abcmntu").length);
});

check("changes that do not overlap merge the same from both sides", (random) => {
  let number = 0;
  const section = () =>
    ` ${randomText(
      random,
      times(random(4), () => `w${number++}`),
    )} `;
  const sections = times(1 + random(6), (i) => {
    const [before, after] = [section(), section()].map((text) => `${text}end${i}`);
    return pick(random, [
      [before, before, before, before],
      [before, after, before, after],
      [before, before, after, after],
    ]);
  });
  const [base, mine, theirs, merged] = times(4, (i) => sections.map((list) => list[i]).join(""));
  assert.equal(mergeWords(base, mine, theirs), merged);
  assert.equal(mergeWords(base, theirs, mine), merged);
});

const ODD_TEXTS = [
  ..."abcab \n\t\0漢字かカー。เש",
  ...[
    "a\u0301",
    "漢\u{e0100}",
    "か\u3099",
    "a\u3099",
    "👩\u200d👧",
    "🇩🇪",
    "\r\n",
    "\u3000",
    "\ufeff",
  ],
  ...["\ud83d", "\udc4d", "\u202e", "&amp;", "<b>", "__proto__"],
];
const oddText = (random) => times(random(12), () => pick(random, ODD_TEXTS)).join("");

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const charactersOf = (text) => [...segmenter.segment(text)].map(({ segment }) => segment);

// Returns a text that differs from `base` in a few characters.
const oddChange = (random, base) =>
  charactersOf(base)
    .map((character) => (random(4) ? character : pick(random, ["", oddText(random)])))
    .join("");

check("a text that only one side changed survives byte for byte", (random) => {
  const base = oddText(random);
  const other = random(3) ? oddChange(random, base) : oddText(random);
  const texts = JSON.stringify([base, other]);
  assert.equal(mergeWords(base, other, base), other, texts);
  assert.equal(mergeWords(base, base, other), other, texts);
  assert.equal(mergeWords(base, other, other), other, texts);
});

check("a merge cuts no character and joins no words", (random) => {
  const base = oddText(random);
  const [mine, theirs] = times(2, () => oddChange(random, base));
  const merged = mergeWords(base, mine, theirs);
  const known = new Set(["", ...[base, mine, theirs].flatMap(unitsOf)]);
  const strange = unitsOf(merged).filter((unit) => !known.has(unit));
  assert.deepEqual(strange, [], JSON.stringify([base, mine, theirs, merged]));
});

// Returns the words of a text. In Chinese and Japanese, returns the characters.
function unitsOf(text) {
  const units = [""];
  for (const character of charactersOf(text)) {
    if (/^\s+$/.test(character)) units.push("");
    else if (/^[漢字かカー。]/.test(character)) units.push(character, "");
    else units.push(units.pop() + character);
  }
  return units;
}

check("marked pieces are the text, and the fewest words are marked", (random) => {
  const base = oddText(random);
  const other = random(3) ? oddChange(random, base) : oddText(random);
  const texts = JSON.stringify([base, other]);
  const pieces = markChanges(base, other);
  assert.equal(pieces.map(({ text }) => text).join(""), other, texts);
  pieces.forEach(({ text, changed }, i) => {
    assert(text !== "" && changed !== pieces[i + 1]?.changed, texts);
  });
  const boundaries = new Set([...segmenter.segment(other)].map(({ index }) => index));
  let index = 0;
  for (const { text } of pieces) {
    assert(boundaries.has(index), `${texts} at ${index}`);
    index += text.length;
  }
  const list = (text) => unitsOf(text).filter((unit) => unit !== "");
  const unchanged = pieces.filter(({ changed }) => !changed).flatMap(({ text }) => list(text));
  const common = longestCommon(list(base), list(other));
  assert.equal(unchanged.length, common, texts);
  assert.equal(longestCommon(list(base), unchanged), common, texts);
});

// Returns the length of the longest common subsequence, by the table.
function longestCommon(first, second) {
  let row = times(second.length + 1, () => 0);
  for (const item of first) {
    const next = [0];
    second.forEach((other, i) => {
      next.push(item === other ? row[i] + 1 : Math.max(row[i + 1], next[i]));
    });
    row = next;
  }
  return row.at(-1);
}
