// The buttons: many readers, a writer, and an order whose answer is lost.

/** The notes that the readers read are the first of the list. */
const READ_NOTES = 20;

const READS_PER_SECOND = 100;

const WORDS = ["rain", "tea", "moss", "lamp", "harbour", "bread", "wind", "paper"];

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const readIds = () => [...notes.keys()].slice(0, READ_NOTES);

/** The readers that read, or `null`. */
let readers = null;

/** Starts or stops the readers. */
async function toggleReaders() {
  const started = readers === null ? {} : null;
  readers = started;
  byId("readers").setAttribute("aria-pressed", started !== null);
  if (started === null) return;
  addToLog("100 readers have started. See the plots.");
  // Those that were stopped end even if others have started meanwhile.
  while (readers === started) {
    const pause = wait(1000);
    const ids = readIds();
    const reads = Array.from({ length: ids.length > 0 ? READS_PER_SECOND : 0 }, () =>
      send("GET", `/notes/${pick(ids)}`),
    );
    await Promise.all(reads);
    await pause;
  }
}

/** The number of times that an order or a word is sent. */
const ATTEMPTS = 5;

/** Adds a word to one of the notes that are read. */
async function writeWord() {
  const id = pick(readIds().filter((id) => !saving.has(id)));
  if (id === undefined) return addToLog("There is no note to write to.");
  const written = addWord(id, pick(WORDS)).finally(() => saving.delete(id));
  saving.set(id, written);
  addToLog(await written);
}

/** Adds a word. If somebody else writes at the same time, both changes are kept. */
async function addWord(id, word) {
  const read = await send("GET", `/notes/${id}`);
  if (!isNote(read?.content)) return `The note cannot be read: ${describe(read)}.`;
  let { tag, content: base } = read;
  let mine = { title: base.title, text: `${base.text} ${word}` };
  let response;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (!isStrong(tag)) return "The word was not written: the tag of the note is missing or weak.";
    const headers = { "If-Match": tag };
    response = await send("PUT", `/notes/${id}`, { headers, content: mine });
    const current = response?.content;
    if (response?.status === 200) {
      showNote(current);
      return `You added “${word}” to ${quote(mine)}. Its next reader gets version ${current.version}.`;
    }
    if (response?.status !== 412 || !isNote(current)) break;
    mine = { title: current.title, text: mergeWords(base.text, mine.text, current.text) };
    tag = response.tag;
    base = current;
  }
  const isUnknown = response === null || response.status >= 500;
  const result = isUnknown ? "It is not known if the word was written" : "The word was not written";
  return `${result}: ${describe(response)}.`;
}

/** `true` while an order is under way. */
let isOrdering = false;

/** Places an order whose first answer is lost, unless one is under way. */
async function breakConnection() {
  if (isOrdering) return;
  isOrdering = true;
  await order();
  isOrdering = false;
}

/** Places an order, and shows what happens. */
async function order() {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const happened = [];
  const say = (sentence) => {
    happened.push(sentence);
    setText("order", happened.join(" "));
  };
  say(`An order with the key ${key} is sent.`);
  const item = `tea ${key}`;
  const answer = await placeOrder(key, { item, quantity: 1 }, say);
  if (answer?.status !== 201) return say("Try again later.");
  const again = answer.isReplay ? ", which the service had recorded for this key" : "";
  say(`The answer is order ${answer.content.order}${again}.`);
  const orders = await send("GET", "/orders");
  if (orders?.status !== 200) return;
  const executed = orders.content.filter((order) => order.item === item).length;
  say(`Orders that were executed with this key: ${executed}.`);
  addToLog(`The answer to an order was lost, and it was sent again. Executions: ${executed}.`);
}

/** Sends an order until it is answered. Returns the last answer. */
async function placeOrder(key, content, say) {
  const headers = { "Idempotency-Key": `"${key}"` };
  for (let attempt = 1; ; attempt++) {
    const answer = await send("POST", "/orders?answer=lost", { headers, content });
    if (answer?.status === 201) {
      if (answer.isReplay && attempt === 1) {
        say("The connection broke. The browser itself sent the order again, with the same key.");
      }
      return answer;
    }
    say(answer === null ? "The connection broke without an answer." : `${describe(answer)}.`);
    if (attempt === ATTEMPTS) return answer;
    say("The page sends the order again, with the same key.");
    await wait((attempt - 1) * 500);
  }
}
