"use strict";

// Shows what /display/stream says. Whatever goes wrong with a stream, the page says so and opens another, for ever:
// an EventSource alone gives up at the first answer that is not 200, and never notices a dead line.
(() => {
  const SILENCE = 35_000; // ms; the server pings each 15 s
  const FIRST_RETRY = 500; // ms, doubled each time
  const SLOWEST_RETRY = 5_000;

  const fields = document.querySelectorAll("[data-field]");
  const picture = document.querySelector("[data-picture]");
  const clock = document.querySelector(".clock");
  let retry = FIRST_RETRY;
  let clearing;

  function connect() {
    const stream = new EventSource("/display/stream" + location.search);
    let newest = -1; // scans are counted anew when the daemon starts, so each stream has its own
    let silence;

    function heard() {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE);
    }

    function lost() {
      clearTimeout(silence);
      stream.close();
      show({ panel: "offline", state: "offline" });
      setTimeout(connect, retry);
      retry = Math.min(2 * retry, SLOWEST_RETRY);
    }

    stream.addEventListener("error", lost);
    stream.addEventListener("ping", heard);
    stream.addEventListener("page", (message) => {
      heard();
      retry = FIRST_RETRY;
      const view = JSON.parse(message.data);
      if (view.sequence < newest) return;
      newest = view.sequence;
      show(view);
    });
    heard();
  }

  function show(view) {
    clearTimeout(clearing);
    for (const field of fields) field.textContent = view[field.dataset.field] ?? "";
    fit(...fields);
    if (view.picture) picture.src = view.picture;
    else picture.removeAttribute("src");
    document.body.dataset.panel = view.panel;
    document.body.dataset.state = view.state;
    if (view.hold_for) clearing = setTimeout(clear, 1000 * view.hold_for, view);
  }

  // Tell the style sheet how wide each text is in one line, in ems, so that it finds a size that fits.
  function fit(...lines) {
    const text = document.createRange();
    for (const line of lines) line.style.whiteSpace = "nowrap";
    const ems = lines.map((line) => {
      text.selectNodeContents(line);
      return text.getBoundingClientRect().width / parseFloat(getComputedStyle(line).fontSize);
    });
    lines.forEach((line, number) => {
      line.style.whiteSpace = "";
      line.style.setProperty("--ems", Math.max(1, 1.005 * ems[number]));
    });
  }

  // The time of day, in the page's language; the browser wakes once a minute.
  function tick() {
    clock.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" }).format();
    fit(clock);
    setTimeout(tick, 60_000 - (Date.now() % 60_000));
  }

  function clear({ idle_message }) {
    show({ panel: "idle", state: "idle", idle_message });
  }

  if (document.body.dataset.idle === "clock") tick();
  connect();
})();
