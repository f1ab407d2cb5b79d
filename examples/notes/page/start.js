// The events of the page.

byId("notes").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) openNote(Number(button.dataset.note));
});
byId("form").addEventListener("input", draftChanged);
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  save(openId);
});
byId("merge").addEventListener("submit", (event) => {
  event.preventDefault();
  saveMerge();
});
byId("editor").addEventListener("click", ({ target }) => {
  if (target.dataset.action === "cancel") cancelEdit();
});
byId("editor").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.ctrlKey) return;
  event.preventDefault();
  event.target.form?.requestSubmit();
});
byId("readers").addEventListener("click", toggleReaders);
byId("write").addEventListener("click", writeWord);
byId("break").addEventListener("click", breakConnection);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stopEvents();
  else if (events === null) followEvents();
});
window.addEventListener("beforeunload", confirmUnload);

const [kept] = [...drafts.values()];
if (kept !== undefined)
  showState(`Your unsaved text for ${quote(kept.base)} is kept. Press Edit to go on.`);

observeRequests();
followEvents();
plotMetrics();
retryLater();
// The list is read once the events flow, so that no change is missed in between. If a proxy holds
// them back, it is read without.
await wait(1000);
if (!isListed) readNotes();
