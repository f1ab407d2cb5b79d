// Requests, and the words for them.

/** The time after which a request counts as unanswered, in milliseconds. */
const REQUEST_TIMEOUT = 15_000;

const byId = (id) => document.getElementById(id);

/**
 * Sends a request. Returns its response, or `null` if no complete response of the service arrived.
 *
 * `cache: "no-cache"` makes the browser ask with the tag of its copy. A 304 reaches this script as
 * the 200 of that copy.
 */
async function send(method, path, { headers = {}, content, cache = "no-cache" } = {}) {
  const request = { method, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT) };
  if (method === "GET") request.cache = cache;
  if (content !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(content);
  }
  try {
    const response = await fetch(path, request);
    const isJson = response.headers.get("Content-Type")?.includes("json");
    // A proxy, such as that of a hotel, may answer everything with a page of its own.
    if (response.ok && !isJson) return null;
    return {
      status: response.status,
      tag: response.headers.get("ETag"),
      isReplay: response.headers.has("Idempotent-Replayed"),
      content: isJson ? await response.json() : null,
    };
  } catch {
    return null;
  }
}

const isNote = (content) =>
  Number.isInteger(content?.version) && FIELDS.every((field) => typeof content[field] === "string");

/** Says what an unexpected response means. */
function describe(response) {
  if (response === null) return "the service does not answer";
  return `${response.status}: ${response.content?.detail ?? "an unexpected answer"}`;
}

/** Returns a title for a sentence: short, and without characters that change its direction. */
function plainTitle(title) {
  const plain = title.slice(0, 1000).replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
  return plain.length > 200 ? `${plain.slice(0, 60)}…` : plain || "untitled";
}

const quote = ({ title }) => `“${plainTitle(title)}”`;

/** Adds a sentence to the log. The oldest ones go. */
function addToLog(sentence) {
  const log = byId("log");
  const entry = document.createElement("p");
  entry.textContent = sentence;
  log.append(entry);
  while (log.children.length > 100) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

/** Sets a text that a screen reader reads when it changes. */
function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

const wait = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

function formatBytes(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
