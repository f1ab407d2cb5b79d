// Every server here is started with PORT FOLDER. The files are read once.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const [port, folder] = process.argv.slice(2);

export const contents = new Map(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
);
