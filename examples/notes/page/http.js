// Requests, and the words for them.

/** The time after which a request counts as unanswered, in milliseconds. */
const REQUEST_TIMEOUT = 15_000;

const byId = (id) => document.getElementById(id);

/**
 * Sends a request. Returns its response, or `null` if no complete response arrived.
 *
 * `cache: "no-cache"` makes the browser ask with the tag of its copy. A 304 reaches this script as
 * the 200 of that copy.
 */
async function send(method, path, { headers = {}, content } = {}) {
  const request = { method, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT) };
  if (method === "GET") request.cache = "no-cache";
  if (content !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(content);
  }
  try {
    const response = await fetch(path, request);
    const type = response.headers.get("Content-Type") ?? "";
    return {
      status: response.status,
      tag: response.headers.get("ETag"),
      isReplay: response.headers.has("Idempotent-Replayed"),
      content: type.includes("json") ? await response.json() : null,
    };
  } catch {
    return null;
  }
}

const isNote = (content) => Number.isInteger(content?.version);

/** Says what an unexpected response means. */
function describe(response) {
  if (response === null) return "the service does not answer";
  return `${response.status}: ${response.content?.detail ?? "an unexpected answer"}`;
}

/** Adds a sentence to the log. The oldest ones go. */
function tell(sentence) {
  const log = byId("log");
  const entry = document.createElement("p");
  entry.textContent = sentence;
  log.append(entry);
  while (log.children.length > 100) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

const wait = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

function formatBytes(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
