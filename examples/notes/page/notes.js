new EventSource("/events").addEventListener("note", (event) => console.debug(event.data));
