// express with its own ETag.
import express from "express";
import { contents, port } from "./contents.mjs";

const app = express();
for (const [name, content] of contents) {
  app.get(`/${name}`, (_request, response) => {
    response.type("json").send(content);
  });
}
app.listen(Number(port), "127.0.0.1");
