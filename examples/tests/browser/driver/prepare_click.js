async element => {
    element.isPressed = false;
    addEventListener("pointerdown", event => element.isPressed = event.composedPath().includes(element), { capture: true, once: true });
    element.scrollIntoView({ behavior: "instant", block: "center" });
    const place = () => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    };
    const frame = () => new Promise(requestAnimationFrame);
    for (let before = place(); ; before = place()) {
        await frame();
        const [x, y] = place();
        if (x === before[0] && y === before[1]) break;
    }
    return "true";
}
