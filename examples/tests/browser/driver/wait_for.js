async function (limit) {
    let looks = 0;
    const evaluate = () => (EXPRESSION);
    const events = ["input", "change", "click", "focusin", "focusout", "keyup", "load", "resize", "scroll", "toggle"];
    return await new Promise((resolve, reject) => {
        let error = "it is not true";
        let over = false;
        const observers = [
            new MutationObserver(look),
            new PerformanceObserver(look),
        ];
        const timer = setTimeout(() => end(() => reject(new Error(error))), limit);
        // Some facts, such as preferred colors, have no event.
        const pulse = setInterval(look, 100);
        function end(then) {
            over = true;
            clearTimeout(timer);
            clearInterval(pulse);
            for (const observer of observers) observer.disconnect();
            for (const event of events) removeEventListener(event, look, true);
            then();
        }
        function look() {
            if (over) return;
            looks += 1;
            try {
                const value = evaluate();
                if (value) end(() => resolve(JSON.stringify(value)));
                else error = "it is not true";
            } catch (thrown) {
                error = String(thrown);
            }
        }
        observers[0].observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
        observers[1].observe({ entryTypes: ["resource"] });
        for (const event of events) addEventListener(event, look, true);
        look();
    });
}
