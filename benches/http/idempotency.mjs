// express with a middleware that does what IdempotencyLayer does with a store in memory: it reads
// the content, hashes it with the rest of the request, and repeats a recorded response.
import { createHash } from "node:crypto";
import express from "express";
import { contents, port } from "./contents.mjs";

const RETENTION = 24 * 60 * 60 * 1000;
const TRANSIENT = new Set(["connection", "date", "keep-alive", "set-cookie", "transfer-encoding"]);
const records = new Map();

function fingerprint(request) {
  const hash = createHash("sha256");
  for (const part of [request.method, request.get("host"), request.originalUrl, request.get("content-type") ?? ""]) {
    hash.update(`${part.length}:`).update(part);
  }
  return hash.update(request.body).digest("latin1");
}

function idempotency(request, response, next) {
  const key = request.get("idempotency-key");
  if (key === undefined || (request.method !== "POST" && request.method !== "PATCH")) return next();
  if (!/^"[ !#-~]{1,255}"$/.test(key)) return response.status(400).end();
  const print = fingerprint(request);
  const record = records.get(key);
  if (record !== undefined && record.expires > Date.now()) {
    if (record.print !== print) return response.status(422).end();
    if (record.content === undefined) return response.status(409).end();
    response.status(record.status);
    for (const [name, value] of record.headers) response.setHeader(name, value);
    response.setHeader("Idempotent-Replayed", "true");
    return response.end(record.content);
  }
  const running = { print, expires: Date.now() + RETENTION };
  records.set(key, running);
  const end = response.end;
  response.end = function (content, ...rest) {
    if (response.statusCode < 500) {
      running.status = response.statusCode;
      running.headers = Object.entries(response.getHeaders()).filter(([name]) => !TRANSIENT.has(name));
      running.content = content ?? Buffer.alloc(0);
      running.expires = Date.now() + RETENTION;
    } else {
      records.delete(key);
    }
    return end.call(this, content, ...rest);
  };
  next();
}

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.raw({ type: () => true, limit: "1mb" }), idempotency);
app.post("/orders", (_request, response) => {
  response.status(201).type("json").send(contents.get("1k.json"));
});
app.listen(Number(port), "127.0.0.1");
