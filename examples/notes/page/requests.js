// The table of requests, from the browser's own measurements.

/** The number of rows. */
const ROWS = 8;

/** Stands for the header in the sizes that a browser gives, in bytes (Resource Timing, 4.4). */
const HEADER_SIZE = 300;

/** `true` once the log says how the list came. */
let isListLogged = false;

/** Shows the latest requests, beginning with that of the page itself. */
function observeRequests() {
  const showAll = (entries) => {
    const seen = entries.filter((entry) => !OBSERVING.includes(pathOf(entry)));
    for (const entry of seen.slice(-ROWS)) byId("requests").prepend(requestRow(entry));
    while (byId("requests").children.length > ROWS) byId("requests").lastChild.remove();
    if (!isListLogged)
      seen
        .filter((entry) => pathOf(entry) === "/notes")
        .slice(0, 1)
        .forEach(logList);
  };
  showAll(performance.getEntriesByType("navigation"));
  const observer = new PerformanceObserver((list) => showAll(list.getEntries()));
  observer.observe({ type: "resource", buffered: true });
}

const pathOf = ({ name }) => new URL(name).pathname;

function requestRow(entry) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = pathOf(entry);
  row.append(name);
  const { transferSize, encodedBodySize } = entry;
  const answer = answerOf(entry);
  const moved = answer === "304" ? 0 : Math.max(0, transferSize - HEADER_SIZE);
  for (const text of [answer, formatBytes(moved), formatBytes(encodedBodySize)]) {
    row.insertCell().textContent = text;
  }
  return row;
}

/** Says how the list came, once. */
function logList(entry) {
  isListLogged = true;
  const answer = answerOf(entry);
  const size = formatBytes(entry.encodedBodySize);
  if (answer === "200")
    addToLog(`The list was read: 200, with ${size} of content. Reload this page to see a 304.`);
  if (answer === "304")
    addToLog(
      `The list was checked: 304. The copy of your browser is still right, and ${size} were not sent.`,
    );
}

/**
 * Returns the status on the wire. To a script, a 304 looks like the 200 of the copy that it
 * confirms.
 */
function answerOf({ transferSize, encodedBodySize, responseStatus, serverTiming, deliveryType }) {
  if (transferSize === 0) return encodedBodySize > 0 ? "browser’s copy" : "none";
  const isConfirmed = transferSize <= HEADER_SIZE && encodedBodySize > 0;
  // Firefox gives the size of the copy, and no type of delivery. The service has marked a 304 for it.
  const isMarked =
    deliveryType === undefined && serverTiming?.some(({ name }) => name === "not-modified");
  return isConfirmed || isMarked ? "304" : String(responseStatus || "");
}
