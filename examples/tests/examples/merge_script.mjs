// Loads the three-way merge of the page, and the choices of its fields, for their tests.

import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";

const PAGE = new URL("../../notes/page/", import.meta.url);
const FILES = ["merge.js", "conflict.js"].map((name) => readFileSync(new URL(name, PAGE), "utf8"));
const NAMES = "mergeFields, mergeWords, markChanges, applyChoices";
// Modules are strict, and the page loads the script as a module. Nothing else of the page is here.
const SOURCE = `"use strict";${FILES.join("")}\nreturn { ${NAMES} };`;

export const { mergeFields, mergeWords, markChanges, applyChoices } = compileFunction(SOURCE)();

export const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

export const words = (text) => text.split(/\s+/).filter((word) => word !== "");
