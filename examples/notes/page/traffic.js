// The buttons: many readers, a writer, and an order whose answer is lost.

/** The notes that the readers read are the first of the list. */
const READ_NOTES = 20;

const READS_PER_SECOND = 100;

const WORDS = ["rain", "tea", "moss", "lamp", "harbour", "bread", "wind", "paper"];

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const readIds = () => [...notes.keys()].slice(0, READ_NOTES);

let isReading = false;

/** Starts or stops the readers. */
async function toggleReaders() {
  isReading = !isReading;
  byId("readers").setAttribute("aria-pressed", isReading);
  if (!isReading) return;
  tell("100 readers have started. See the plots.");
  while (isReading) {
    const pause = wait(1000);
    const ids = readIds();
    const reads = Array.from({ length: ids.length > 0 ? READS_PER_SECOND : 0 }, () => send("GET", `/notes/${pick(ids)}`));
    await Promise.all(reads);
    await pause;
  }
}

/** Adds a word to a note. If somebody else writes at the same time, both changes are kept. */
async function writeWord() {
  const id = pick(readIds());
  if (id === undefined) return tell("There is no note to write to.");
  const read = await send("GET", `/notes/${id}`);
  if (read?.status !== 200) return tell(`The note cannot be read: ${describe(read)}.`);
  let { tag, content: base } = read;
  let mine = fieldsOf(base);
  mine.text += ` ${pick(WORDS)}`;
  for (;;) {
    const write = send("PUT", `/notes/${id}`, { headers: { "If-Match": tag }, content: mine });
    if (!saving.has(id)) saving.set(id, write.finally(() => saving.delete(id)));
    const response = await write;
    if (response?.status === 200) {
      showNote(response.content);
      return tell(`You wrote a word into “${mine.title}”. Its next reader gets version ${response.content.version}.`);
    }
    if (response?.status !== 412 || !isNote(response.content)) return tell(`The word was not written: ${describe(response)}.`);
    const theirs = response.content;
    mine = { title: theirs.title, text: mergeWords(base.text, mine.text, theirs.text) };
    ({ tag } = response);
    base = theirs;
  }
}

/** The number of times that an order is sent. */
const TRIES = 5;

/** Places an order whose first answer is lost, and repeats it until there is an answer. */
async function breakConnection() {
  const key = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const content = { item: `tea ${key}`, quantity: 1 };
  const happened = [];
  const say = (sentence) => {
    happened.push(sentence);
    byId("order").textContent = happened.join(" ");
  };
  say(`Order with the key ${key} sent.`);
  let answer = null;
  for (let i = 0; i < TRIES && answer?.status !== 201; i++) {
    if (i > 0) say("The same order sent again, with the same key.");
    answer = await send("POST", "/orders?answer=lost", { headers: { "Idempotency-Key": `"${key}"` }, content });
    if (answer?.status !== 201) {
      say(answer === null ? "No answer: the connection broke." : `No answer: ${describe(answer)}.`);
      await wait(i * 500);
    }
  }
  if (answer?.status !== 201) return say("The service does not answer. Try again later.");
  say(`Answer: order ${answer.content.order}` + (answer.isReplay ? ", recorded at the first time." : "."));
  const orders = await send("GET", "/orders");
  if (orders?.status !== 200) return;
  const executed = orders.content.filter(({ item }) => item === content.item).length;
  say(`Orders executed with this key: ${executed}.`);
  tell(`The connection broke in an order. It was sent again, and executed ${executed === 1 ? "once" : `${executed} times`}.`);
}
