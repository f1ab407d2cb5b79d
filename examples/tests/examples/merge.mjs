// Tests of the three-way merge of the page by examples, and of its limits.

import assert from "node:assert/strict";
import test from "node:test";

import {
  applyChoices,
  markChanges,
  mergeFields,
  mergeWords,
  times,
  words,
} from "./merge_script.mjs";

// Shows changed pieces in brackets.
const mark = (base, other) =>
  markChanges(base, other)
    .map(({ text, changed }) => (changed ? `[${text}]` : text))
    .join("|");

test("the odd one of three values tells who changed a field", () => {
  const values = [undefined, "", "1", "2"];
  const notes = values.map((value) => (value === undefined ? {} : { a: value }));
  for (const base of notes) {
    for (const mine of notes) {
      for (const theirs of notes) {
        // An absent field is empty.
        const texts = [base, mine, theirs].map((note) => note.a ?? "");
        const odd = texts.findIndex((text) => texts.filter((other) => other === text).length === 1);
        const number = new Set(texts).size;
        const change = [undefined, ["same", "mine", "theirs"][odd], "conflict"][number - 1];
        const isAbsent = [base, mine, theirs].every((note) => note.a === undefined);
        assert.deepEqual(mergeFields(base, mine, theirs), {
          merged: number === 3 || isAbsent ? {} : { a: texts[odd === 2 ? 2 : 1] },
          changes: change === undefined ? {} : { a: change },
        });
      }
    }
  }
});

test("each field is merged by itself, also those of a deleted note", () => {
  const cases = [
    // base, mine, theirs, merged, changes
    [
      { a: "1", b: "1", c: "1", d: "1", e: "1" },
      { a: "2", b: "1", c: "2", d: "2", e: "1" },
      { a: "1", b: "3", c: "2", d: "3", e: "1" },
      { a: "2", b: "3", c: "2", e: "1" },
      { a: "mine", b: "theirs", c: "same", d: "conflict" },
    ],
    [{ a: "1", b: "1" }, { a: "1", b: "1" }, null, { a: "1", b: "1" }, {}],
    [{ a: "1", b: "1" }, { a: "2", b: "1" }, null, { b: "1" }, { a: "conflict" }],
    [{ a: "1" }, {}, null, {}, { a: "conflict" }],
    [{}, { a: "1" }, null, {}, { a: "conflict" }],
  ];
  for (const [base, mine, theirs, merged, changes] of cases) {
    assert.deepEqual(mergeFields(base, mine, theirs), { merged, changes });
  }
});

test("names that objects inherit are fields like others", () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const note = (text) => JSON.parse(`{"${name}":"${text}"}`);
    const conflict = mergeFields(note("1"), note("2"), note("3"));
    assert.deepEqual(conflict, { merged: {}, changes: note("conflict") });
    const emptied = mergeFields(note("1"), note("1"), {});
    assert.equal(JSON.stringify(emptied.merged), `{"${name}":""}`);
    for (const { merged } of [
      mergeFields({}, {}, note("3")),
      mergeFields({}, note("3"), {}),
      mergeFields(note("1"), note("1"), note("3")),
    ]) {
      assert.equal(JSON.stringify(merged), `{"${name}":"3"}`);
      assert.equal(Object.getPrototypeOf(merged), Object.prototype);
    }
  }
});

test("the result has the chosen text of each field", () => {
  const versions = {
    base: { title: "Tea", text: "one two three" },
    mine: { title: "Tea", text: "one two three four" },
    theirs: { title: "Green tea", text: "zero one two three" },
  };
  const cases = [
    [{}, { title: "Green tea" }],
    [{ title: { side: "mine" } }, { title: "Tea" }],
    [{ text: { side: null } }, { title: "Green tea", text: "" }],
    [{ text: { side: "mine" } }, { title: "Green tea", text: "one two three four" }],
    [{ text: { side: "theirs" } }, { title: "Green tea", text: "zero one two three" }],
    [{ text: { side: "both" } }, { title: "Green tea", text: "zero one two three four" }],
    [{ text: { side: "own", own: "" } }, { title: "Green tea", text: "" }],
    [{ text: { side: "mine", own: "x" } }, { title: "Green tea", text: "one two three four" }],
  ];
  for (const [choices, result] of cases) assert.deepEqual(applyChoices(versions, choices), result);
});

test("two texts that are new as a whole stay whole", () => {
  const both = (field, ...texts) => {
    const [base, mine, theirs] = texts.map((text) => ({ [field]: text }));
    return applyChoices({ base, mine, theirs }, { [field]: { side: "both" } })[field];
  };
  assert.equal(both("text", "a b c d", "m b n", "t a u"), "t a u\n\nm b n");
  assert.equal(both("title", "a b c d", "m b n", "t a u"), "t a u m b n");
  assert.equal(both("text", "", "mine", "theirs"), "theirs mine");
  // One side has kept half of it, or more.
  assert.equal(both("text", "a b c d", "m b n", "a b c d t"), "m b n t");
  assert.equal(both("text", "a b c d", "a b c d m", "t a u"), "t a u m");
  assert.equal(both("text", "abc de", "abc m", "abc t"), "abc t m");
  assert.equal(both("text", "ab cd", "ab m", "ab t"), "ab t\n\nab m");
});

test("texts are merged word by word", () => {
  const cases = [
    // base, mine, theirs, merged
    ["", "", "", ""],
    ["a b c", "a b c d", "x a b c", "x a b c d"],
    ["a b c", "b c", "a b", "b"],
    ["a b c", "a c", "a c", "a c"],
    ["a b c", "", "a b c d", "d"],
    ["a b c", "a x c", "a b y", "a x y"],
    ["a b c d", "a X Y d", "a b P Q", "a X Y P Q"],
    ["the quick fox", "the slow fox", "the rapid fox", "the rapid slow fox"],
    ["a", "a mine", "a theirs", "a theirs mine"],
    ["a", "mine a", "theirs a", "theirs mine a"],
    ["", "mine", "theirs", "theirs mine"],
    // An addition that the other side has too is there once.
    ["a c", "a b c", "a b c", "a b c"],
    ["a c", "a b c", "a b b c", "a b b c"],
    ["a c", "a b b c", "a b c", "a b b c"],
    ["a d", "a b d", "a b c d", "a b c d"],
    ["a d", "a b c d", "a c d", "a b c d"],
    ["a d", "a bb d", "a b d", "a b bb d"],
    // Whitespace.
    ["a b", "a\nb", "a b c", "a\nb c"],
    ["a b", "a b c", "a\nb", "a\nb c"],
    ["a b", "a\nb", "a\tb", "a\nb"],
    ["a\n", "a\nb\n", "a\nc\n", "a\nc\nb\n"],
    ["a.", "c.\n\na.", "d.\n\na.", "d.\n\nc.\n\na."],
    ["x\na", "a", "x\ny\na", "y\na"],
    ["x a", "a", " x y  a", " y  a"],
    ["a b c", "b c", "a c", "c"],
    ["a", " ", "a", " "],
    ["a\r\nb", "a\r\nx\r\nb", "a\r\nb\r\n", "a\r\nx\r\nb\r\n"],
    // Languages without spaces, right-to-left text, and what is no text.
    ["漢字", "漢x字", "漢字か", "漢x字か"],
    ["今日は雨です。", "今日は雪です。", "明日は雨です。", "明日は雪です。"],
    ["か\u3099く", "か\u3099く", "き\u3099く", "き\u3099く"],
    ["漢x", "x", "漢yx", "yx"],
    ["漢x", "x", "漢y漢x", "y漢x"],
    ["שלום עולם", "שלום עולם!", "הי שלום עולם", "הי שלום עולם!"],
    ["a\0b c", "a\0b d", "e a\0b c", "e a\0b d"],
    ["\ud83d", "\ud83d \udc4d", "\ud83d", "\ud83d \udc4d"],
    ["", "\ud83d", "\udc4d", "\udc4d \ud83d"],
    ["", "\udc4d", "\ud83d", "\ud83d \udc4d"],
  ];
  for (const [base, mine, theirs, merged] of cases) {
    assert.equal(mergeWords(base, mine, theirs), merged, JSON.stringify([base, mine, theirs]));
  }
});

test("changes are marked", () => {
  const cases = [
    ["", "", ""],
    ["a", "a", "a"],
    ["", "a b", "[a b]"],
    ["a b", "", ""],
    ["a b c", "a x c", "a|[ x]| c"],
    ["a b c", "a c", "a c"],
    ["b", "a b", "[a ]|b"],
    ["a", "a b", "a|[ b]"],
    ["a b", "a\nb", "a|[\n]|b"],
    ["a ", "a", "a"],
    ["a", "a ", "a|[ ]"],
    [" ", " ", " "],
    ["漢字", "漢e\u0301字\ufe00", "漢|[e\u0301字\ufe00]"],
  ];
  for (const [base, other, marked] of cases) assert.equal(mark(base, other), marked);
});

test("more changes than the limit are one change, and no word is lost", () => {
  const list = (name, size) => times(size, (i) => `${name}${i}`).join(" ");
  const text = (name, size) => `start ${list(name, 125)} both ${list(name + name, size)} end`;
  const base = text("b", 125);
  for (const [size, isFound] of [
    [125, true],
    [126, false],
  ]) {
    const [mine, theirs] = [text("m", size), text("t", size)];
    assert.equal(mark(base, mine).includes("| both|"), isFound);
    const added = words(mergeWords(base, mine, base.replace("start", "start more")));
    assert.deepEqual(added, ["start", "more", ...words(mine).slice(1)]);
    const changed = words(mergeWords(base, mine, theirs));
    assert.equal(changed.length, isFound ? 503 : 506);
    assert.deepEqual(new Set(changed), new Set([...words(theirs), ...words(mine)]));
  }
});

test("64 KiB are merged in a short time, however they look", () => {
  const SIZE = 65536;
  const letters = (of, step) =>
    times(SIZE / 2, (i) => `${"abcdefghijklmnopqrstuvwxyz"[(i * step + (i >> 4)) % of]} `).join("");
  const around = (name) => {
    const list = times(124, (i) => `${name}${i} `).join("");
    return list + "a ".repeat(30000) + list;
  };
  const cases = [
    [letters(26, 1), letters(26, 1), letters(26, 1)],
    [letters(26, 1), letters(26, 3), letters(26, 5)],
    [letters(2, 1), letters(3, 1), letters(2, 3)],
    ["", letters(26, 1), letters(26, 3)],
    [letters(26, 1), "", letters(26, 3)],
    [around("b"), around("m"), around("t")],
    [..."xyz"].map((letter) => letter.repeat(SIZE)),
    [..." \n\t"].map((space) => space.repeat(SIZE)),
    [..."漢字か"].map((character) => character.repeat(SIZE / 3)),
    [..."\u0301\u0302\u3099"].map((accent) => accent.repeat(SIZE)),
  ];
  for (const texts of cases) {
    const start = process.cpuUsage();
    const merged = mergeWords(...texts);
    const time = process.cpuUsage(start).user / 1000;
    console.error(`${time.toFixed()} ms for ${JSON.stringify(texts[1].slice(0, 20))}`);
    // A table of all pairs of words takes many seconds. A busy machine is slow too.
    assert(time < 1500, `${time} ms`);
    for (const word of words(texts[1]).slice(0, 100)) assert(merged.includes(word));
  }
});
