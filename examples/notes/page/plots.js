// Plots of the last minute, from the counters of the service.

/** The number of seconds in a plot. */
const SECONDS = 60;

/** The routes by which this page observes the service. They are left out of the numbers. */
const OBSERVING = ["/metrics", "/events"];

const SVG_WIDTH = 120;
const SVG_HEIGHT = 40;

/**
 * The plots. `value` is of one second, or `null` if there is none. `second` is a dashed line to compare
 * it with.
 */
const PLOTS = [
  {
    name: "Reads answered with 304",
    value: ({ reads, unchanged }) => (reads > 0 ? (100 * unchanged) / reads : null),
    format: (share) => (share === null ? "no reads" : `${Math.round(share)} %`),
    legend: (totals) => `${totals.unchanged} of ${totals.reads} reads since the start`,
    max: 100,
  },
  {
    name: "Content saved, about",
    value: ({ saved }) => saved,
    format: (bytes) => `${formatBytes(bytes)}/s`,
    legend: (totals) => `${formatBytes(totals.saved)} since the start, before compression`,
  },
  {
    name: "Handler runs",
    value: ({ runs }) => runs,
    second: ({ requests }) => requests,
    format: (runs, requests) => `${Math.round(runs)} of ${Math.round(requests)}/s`,
    legend: (totals) => `${totals.runs} runs for ${totals.requests} requests. Dashed: requests`,
  },
  {
    name: "Writes refused with 412",
    value: ({ refused }) => refused,
    format: (count) => `${Math.ceil(count)}/s`,
    legend: (totals) => `${totals.refused} since the start`,
  },
];

/** Parses the text format of Prometheus: a list of samples. */
function parseMetrics(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = [...(labels ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    samples.push({
      name,
      value: Number(value),
      ...Object.fromEntries(pairs.map(([, key, text]) => [key, text])),
    });
  }
  return samples;
}

function sumCounters(samples) {
  const sum = (name, counts = () => true) =>
    samples
      .filter((sample) => sample.name === `http_conditional_${name}_total` && counts(sample))
      .reduce((total, { value }) => total + value, 0);
  const isObserving = ({ route }) => OBSERVING.includes(route);
  const isRead = ({ method, route }) =>
    ["GET", "HEAD"].includes(method) && !OBSERVING.includes(route);
  const observing = sum("requests", isObserving);
  return {
    requests: sum("requests") - observing,
    // Each of those requests has run its handler.
    runs: sum("handler_runs") - observing,
    reads: sum("requests", isRead),
    unchanged: sum("requests", (sample) => isRead(sample) && sample.outcome === "not_modified"),
    saved: sum("bytes_saved"),
    refused: sum("requests", ({ outcome }) => outcome === "precondition_failed"),
  };
}

/** Adds a plot to the page. Returns the function that shows the seconds. */
function addPlot({ name, value, second = () => null, format, legend, max }) {
  const figure = byId("plot").content.cloneNode(true).firstElementChild;
  byId("plots").append(figure);
  figure.querySelector(".name").textContent = name;
  const svg = figure.querySelector("svg");
  svg.setAttribute("aria-label", name);
  return (seconds, totals) => {
    const values = seconds.map(value);
    const others = seconds.map(second);
    const top = max ?? Math.max(1, ...values, ...others);
    figure.querySelector(".first").setAttribute("points", points(values, top));
    figure.querySelector(".second").setAttribute("points", points(others, top));
    const shown = format(values.at(-1), others.at(-1));
    const highest = format(Math.max(...values), Math.max(...others));
    figure.querySelector(".value").textContent = shown;
    figure.querySelector(".legend").textContent = legend(totals);
    svg.setAttribute("aria-label", `${name}: now ${shown}, at most ${highest}`);
  };
}

/** Returns the points of a line, with the latest second at the right. */
function points(values, top) {
  const step = SVG_WIDTH / (SECONDS - 1);
  const left = SVG_WIDTH - (values.length - 1) * step;
  const height = (value) => SVG_HEIGHT - 1 - (value / top) * (SVG_HEIGHT - 2);
  const point = (value, i) =>
    value === null ? "" : `${(left + i * step).toFixed(1)},${height(value).toFixed(1)}`;
  return values.map(point).join(" ");
}

/** Reads the counters each second, while somebody can see them. */
async function plotMetrics() {
  const plots = PLOTS.map(addPlot);
  const seconds = [];
  let last = null;
  for (;;) {
    const totals = document.hidden ? null : await readMetrics();
    if (totals !== null) {
      const now = { totals, time: performance.now() };
      seconds.push(ratesBetween(last ?? now, now));
      if (seconds.length > SECONDS) seconds.shift();
      plots.forEach((show) => show(seconds, totals));
      last = now;
    }
    await wait(1000);
  }
}

/** Returns each counter's increase in a second. */
function ratesBetween(before, now) {
  const names = Object.keys(now.totals);
  // A service that has started again counts from 0.
  const isRestarted = names.some((name) => now.totals[name] < before.totals[name]);
  const elapsed = Math.max(1, (now.time - before.time) / 1000);
  const rate = (name) => (isRestarted ? 0 : (now.totals[name] - before.totals[name]) / elapsed);
  return Object.fromEntries(names.map((name) => [name, rate(name)]));
}

async function readMetrics() {
  try {
    const response = await fetch("/metrics", { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
    return response.ok ? sumCounters(parseMetrics(await response.text())) : null;
  } catch {
    return null;
  }
}
