(() => {
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
        .getContext("2d", { willReadFrequently: true });
    // The canvas turns any notation of a color into numbers.
    const channels = color => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const linear = channel => channel <= 10.3 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    const ground = element => {
        const own = channels(getComputedStyle(element).backgroundColor);
        return own[3] > 0 || !element.parentElement ? own : ground(element.parentElement);
    };
    const hasText = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    return [...document.body.querySelectorAll("*")]
        .filter(element => element.checkVisibility() && (hasText(element) || element.matches("input, textarea")))
        .map(element => {
            const [text, back] = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
            return {
                element: `${element.tagName} ${element.textContent.slice(0, 40)}`,
                contrast: (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05),
                // Buttons of the accent color are the other way round.
                isOnDark: element.matches("button[type=submit], button[aria-pressed=true]") ? back > text : back < text,
            };
        });
})()
