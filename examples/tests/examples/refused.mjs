// Refused writes, each followed by an accepted one, on one connection.
//
// Usage: refused.mjs URL EXCHANGES, for each way to send and each size. Every
// error is printed and makes the program fail.

import http from "node:http";

const SIZES = [20, 1_000, 10_000, 40_000, 60_000, 100_000, 1_000_000];
// The service takes 64 KiB. Larger content is refused too, and then sent with a
// valid size.
const LARGEST = 60_000;

async function byFetch(url, headers, content) {
  const response = await fetch(url, { method: "PUT", headers, body: content });
  await response.arrayBuffer();
  return { status: response.status, tag: response.headers.get("etag") };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// Sends head and content separately.
function inTwoPackets(url, headers, content) {
  return new Promise((resolve, reject) => {
    headers = { ...headers, "Content-Length": content.length };
    const request = http.request(url, { method: "PUT", headers, agent });
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode, tag: response.headers.etag }),
      );
      response.resume();
    });
    request.flushHeaders();
    setImmediate(() => request.end(content));
  });
}

// Returns a note of so many bytes.
function note(size) {
  return Buffer.from(JSON.stringify({ title: "x".repeat(size - 12) }));
}

function expect(status, expected) {
  if (status !== expected) throw new Error(`${status} in place of ${expected}`);
}

async function exchange(put, url, size, number) {
  const json = { "Content-Type": "application/json" };
  const stale = { ...json, "If-Match": '"0"' };
  // Every third write is refused because it has no condition.
  const [expected, headers] = number % 3 === 2 ? [428, json] : [412, stale];
  let { status, tag } = await put(url, headers, note(size));
  expect(status, expected);
  if (!tag) {
    ({ status, tag } = await put(url, stale, note(20)));
    expect(status, 412);
  }
  const current = { ...json, "If-Match": tag };
  ({ status } = await put(url, current, note(Math.min(size, LARGEST))));
  expect(status, 200);
}

const [url, exchanges] = [process.argv[2], Number(process.argv[3])];
for (const put of [byFetch, inTwoPackets]) {
  for (const size of SIZES) {
    const errors = new Map();
    for (let number = 0; number < exchanges; number++) {
      try {
        await exchange(put, url, size, number);
      } catch (error) {
        const text = `${error} ${error.cause ?? ""}`;
        errors.set(text, (errors.get(text) ?? 0) + 1);
        process.exitCode = 1;
      }
    }
    const count = [...errors.values()].reduce((sum, times) => sum + times, 0);
    console.error(`${put.name} ${size}: ${count} errors of ${exchanges}`);
    for (const [text, times] of errors) console.error(`  ${times} times ${text}`);
  }
}
agent.destroy();
