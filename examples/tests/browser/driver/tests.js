const log = document.querySelector("[role=log]");
for (const button of document.querySelectorAll("button")) {
    button.addEventListener("click", event => {
        log.textContent += `${button.textContent}, trusted: ${event.isTrusted}. `;
    });
}
document.querySelector("input").addEventListener("keydown", event => {
    if (event.key === "Enter" && event.ctrlKey) log.textContent += "Control and Enter. ";
});
addEventListener("beforeunload", event => event.preventDefault());
