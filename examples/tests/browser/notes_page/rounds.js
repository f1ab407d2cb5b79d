// One turn of a tab in a round. Returns the heading of the editor after the save.
async ({ word, field, isAtStart, isSave }) => {
    const until = fact => new Promise(resolve => {
        const look = () => {
            if (!fact()) return;
            observer.disconnect();
            // A user does not act before the page has handled the event.
            channel.port1.onmessage = resolve;
            channel.port2.postMessage("now");
        };
        const channel = new MessageChannel();
        const observer = new MutationObserver(look);
        observer.observe(document, { attributes: true, childList: true, subtree: true });
        look();
    });
    const find = selector => document.querySelector(selector);
    const heading = () => find("#editor-heading").textContent;
    if (!isSave) {
        await until(() => find("#notes [data-note='1']"));
        find("#notes [data-note='1']").click();
        await until(() => !find("#form").hidden);
        const input = find(`#${field}`);
        const place = isAtStart ? 0 : input.value.length;
        input.setRangeText(` ${word} `, place, place);
        input.dispatchEvent(new Event("input", { bubbles: true }));
        return heading();
    }
    find("#form").requestSubmit();
    await until(() => find("#form").hidden);
    const shown = heading();
    if (!find("#merge").hidden) {
        for (const radio of document.querySelectorAll("[value=both]")) radio.click();
        find("#merge").requestSubmit();
        await until(() => find("#merge").hidden && find("#form").hidden);
    }
    return shown;
}
