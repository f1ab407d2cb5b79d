// Reads documents, one in each line as a JSON string, and writes their canonical forms likewise.
import { readFileSync } from "node:fs";

function form(value) {
  if (Array.isArray(value)) {
    return `[${value.map(form).join()}]`;
  }
  if (value !== null && typeof value === "object") {
    // Without a function, `sort` compares UTF-16 code units.
    const names = Object.keys(value).sort();
    const members = names.map((name) => `${JSON.stringify(name)}:${form(value[name])}`);
    return `{${members.join()}}`;
  }
  return JSON.stringify(value);
}

const lines = readFileSync(0, "utf8").trimEnd().split("\n");
const forms = lines.map((line) => JSON.stringify(form(JSON.parse(JSON.parse(line)))));
process.stdout.write(`${forms.join("\n")}\n`);
