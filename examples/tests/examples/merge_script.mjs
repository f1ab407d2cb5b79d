// Loads the three-way merge of the page, `notes/page/merge.js`, for its tests.

import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";

const FILE = new URL("../../notes/page/merge.js", import.meta.url);
const NAMES = "mergeFields, mergeWords, markChanges";
// Modules are strict, and the page loads the script as a module.
const SOURCE = `"use strict";${readFileSync(FILE, "utf8")}\nreturn { ${NAMES} };`;

export const { mergeFields, mergeWords, markChanges } = compileFunction(SOURCE)();

export const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

export const words = (text) => text.split(/\s+/).filter((word) => word !== "");
