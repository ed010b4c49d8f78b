"use strict";

// Shows what /cashier/stream says, and brings registrations to /members. Two rules for the form, as a scanner may type
// into it like a keyboard: what comes faster than fingers is taken out again, and Enter sends nothing.
(() => {
  const SILENCE = 35_000; // ms; the server pings each 15 s
  const FIRST_RETRY = 500; // ms, doubled each time
  const SLOWEST_RETRY = 5_000;
  const FINGERS = 35; // ms from key to key that no typist keeps up
  const SCAN = 6; // keys so fast in a row are a scanner's
  const PAUSE = 150; // ms without keys around the one that presses a button

  const $ = (selector) => document.querySelector(selector);
  const form = $("form");
  const fields = [...form.querySelectorAll("input")];
  const printing = $("#printing");
  const send = form.querySelector("[type=submit]");
  const token = new URLSearchParams(location.search).get("token");

  let open = null; // the enrolment that is open at the lane
  let bound = null; // the id of the one that what is typed belongs to
  let progress = ""; // the newest step of any enrolment that was shown
  let printed = ""; // what was said of the newest card
  let asking = false; // a request that changes something is on its way

  // The stream

  function connect(retry = FIRST_RETRY) {
    const stream = new EventSource("/cashier/stream" + location.search);
    let silence;

    function heard() {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE);
    }

    function lost() {
      clearTimeout(silence);
      stream.close();
      line(false);
      setTimeout(connect, retry, Math.min(2 * retry, SLOWEST_RETRY));
    }

    stream.addEventListener("error", lost);
    stream.addEventListener("ping", heard);
    stream.addEventListener("state", (message) => {
      heard();
      retry = FIRST_RETRY;
      line(true);
      show(JSON.parse(message.data));
    });
    heard();
  }

  function line(up) {
    const text = up ? "Live" : "Reconnecting…";
    if ($("#line").textContent === text) return;
    document.body.dataset.line = up ? "up" : "lost";
    $("#line").textContent = text;
    if (up) askWhatWaits();
  }

  // What it says

  function show(state) {
    $("#lane").textContent = state.lane;
    fill("#scanners", state.scanners, ({ name, online }) =>
      element("li", { className: online ? "" : "offline" }, online ? name : `${name} offline`));
    fill("#troubles", state.troubles, ({ title, cure }) => element("li", {}, element("b", {}, title), `. ${cure}`));
    showCustomer(state.customer);
    fill("#refusals ol", state.refusals, (scan) => element("li", {},
      element("b", {}, scan.title), " ", element("span", {}, `${scan.time} ${scan.scanner} ${scan.label}`),
      element("p", {}, scan.cure)));
    fill("#scans tbody", state.scans, (scan) => marked(scan.tone, element("tr", {},
      ...[scan.time, scan.title, scan.label, scan.scanner].map((text) => element("td", {}, text)))));
    announce(state);
    showEnrolment(state);
    showPrinting(state.card);
  }

  function showPrinting(card) {
    const { text = "", tone = "", waits = false } = card ?? {};
    printing.hidden = !waits;
    printing.querySelector("span").textContent = waits ? text : "";
    if (text && !waits && text !== printed) say(text, tone);
    printed = text;
  }

  async function printAgain() {
    try {
      const { status, said } = await ask("POST", "/cards/print", {});
      if (status !== 202) say(said.error, "alert");
    } catch {
      say("The lane's program does not answer. Try again in a moment.", "alert");
    }
  }

  function showCustomer(customer) {
    const { title = "–", message = "", label = "", tone = "", figures = [] } = customer ?? {};
    marked(tone, $("#customer"));
    $("#customer .title").textContent = title;
    $("#customer .message").textContent = [label, message].filter(Boolean).join(" · ");
    fill("#customer dl", figures, ([name, figure]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, figure)));
  }

  function announce({ customer, refusals, troubles }) {
    const newest = refusals[0];
    const refused = newest && `${newest.title}, ${newest.time}. ${newest.cure}`;
    const text = [...troubles.map(({ title }) => title), customer?.title, refused].filter(Boolean).join(". ");
    if ($("#announcement").textContent !== text) $("#announcement").textContent = text;
  }

  function showEnrolment(state) {
    open = state.enrolment;
    const typed = fields.some((field) => field.value);
    if (bound && bound !== open?.id && !typed) bound = null;
    const step = JSON.stringify(state.progress);
    if (step !== progress) {
      progress = step;
      if (state.progress) say(state.progress.text, state.progress.tone);
      askWhatWaits();
    }
    if (isForAnother() && typed) {
      say("What is typed here belongs to a registration that has ended. F2 keeps it for a new one, Esc discards it.", "alert");
    }
    showCard();
  }

  function showCard() {
    $("#card output").textContent = open?.label ?? (open ? "scan it now, or go on without" : "none scanned");
    $("#card").classList.toggle("scanned", Boolean(open?.label));
    form.elements.customer_id.disabled = Boolean(open?.label);
  }

  function isForAnother() {
    return bound !== null && bound !== open?.id;
  }

  // The form

  async function ask(method, path, body) {
    const headers = { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) };
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, said: await response.json() };
  }

  async function askWhatWaits() {
    try {
      const { status, said } = await ask("GET", "/members/open");
      $("#registration").hidden = status === 404;
      const { waiting, refused } = said;
      $("#outbox").textContent = [waiting && `${waiting} waiting to be registered`, refused && `${refused} refused`]
        .filter(Boolean).join(", ");
    } catch {
      $("#outbox").textContent = ""; // the stream says that the line is lost
    }
  }

  // What is typed from here on belongs to the enrolment that is open, or to a new one.
  async function bind() {
    if (!open) await oneAtATime(begin);
    bound = open?.id ?? null;
    showCard();
  }

  async function begin() {
    try {
      const { status, said } = await ask("POST", "/members/open", {});
      if (status === 200) open = said.enrolment;
      else say(said.error, "alert");
    } catch {
      say("The lane's program does not answer. Try again in a moment.", "alert");
    }
  }

  async function oneAtATime(change) {
    if (asking) return;
    asking = true;
    await change().finally(() => { asking = false; });
  }

  async function register() {
    if (isForAnother()) return showEnrolment({ enrolment: open, progress: JSON.parse(progress) });
    const typed = fields.filter((field) => field.value.trim() && !field.disabled);
    const details = Object.fromEntries(typed.map((field) => [field.name, field.value.trim()]));
    if (bound ?? open) details.enrolment = bound ?? open.id;
    try {
      answer(await ask("POST", "/members", details));
    } catch {
      say("No answer from the lane's program. Send it again: doing so twice does no harm.", "alert");
    }
  }

  function answer({ status, said }) {
    showMistakes(said.mistakes ?? []);
    if (status !== 202) return said.mistakes || say(said.error, "alert");
    const who = `…${said.customer_id.slice(-4)}`;
    clear();
    say(said.state === "created" ? `Registered: ${who}.`
      : `Stored: ${who} is registered as soon as the loyalty programme answers.`, "good");
  }

  function showMistakes(mistakes) {
    for (const field of fields) {
      const mistake = mistakes.find((one) => one.field === field.name);
      field.ariaInvalid = mistake ? "true" : null;
      $(`#${field.name}-mistake`).textContent = mistake ? `Expected ${mistake.expected}` : "";
    }
    const first = fields.map(({ name }) => mistakes.find(({ field }) => field === name)).find(Boolean) ?? mistakes[0];
    if (first) {
      const { field, expected } = first;
      const label = form.elements[field]?.labels[0].textContent;
      say(`Not sent. ${label ? `${label}: expected` : "Expected"} ${expected}.`, "alert");
    }
    fields.find((field) => field.ariaInvalid)?.focus();
  }

  function clear() {
    for (const field of fields) field.value = "";
    showMistakes([]);
    bound = null;
    fields[0].focus();
  }

  function discard() {
    if (open && (bound === null || bound === open.id)) ask("POST", "/members/close", {}).catch(() => {});
    clear();
    say("");
  }

  // Keys

  let lastKey = -Infinity;
  let sending;
  let burst = {};
  let pressed = null; // when the key was that types next; a keyboard on the screen has none

  document.addEventListener("keydown", (event) => {
    const before = lastKey;
    if (event.key.length === 1) lastKey = pressed = event.timeStamp;
    clearTimeout(sending);
    if (event.key === "F2") {
      event.preventDefault();
      fields[0].focus();
      bind();
    } else if (event.key === "Enter" && event.ctrlKey && form.contains(event.target)) {
      oneAtATime(register);
    } else if (event.key === "Escape" && form.contains(event.target)) {
      discard();
    } else if (event.target.matches("button") && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault(); // the browser's click would come in the middle of a scan
      if (event.timeStamp - before > PAUSE && !event.repeat) sending = setTimeout(() => event.target.click(), PAUSE);
    } else if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      if (event.timeStamp - before > FINGERS) (fields[fields.indexOf(event.target) + 1] ?? send).focus();
    }
  }, true);

  form.addEventListener("keyup", (event) => {
    if (event.key === " " && event.target.matches("button")) event.preventDefault();
  });

  form.addEventListener("beforeinput", (event) => {
    const at = pressed ?? event.timeStamp; // which is only when this page came round to it
    pressed = null;
    if (event.target !== burst.field || at - burst.at > FINGERS) {
      burst = { field: event.target, before: event.target.value, keys: 0 };
    }
    burst.at = at;
    burst.keys += 1;
    clearTimeout(burst.judged);
    burst.judged = setTimeout(judge, 2 * FINGERS, burst);
  });

  function judge({ field, before, keys }) {
    if (keys < SCAN) {
      if (bound === null && fields.some((one) => one.value)) bind();
      return;
    }
    field.value = before;
    say("A scanner typed into this form: taken out again. Use a scanner of the lane for cards.", "alert");
  }

  printing.querySelector("button").addEventListener("click", () => oneAtATime(printAgain));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    oneAtATime(register);
  });

  form.addEventListener("reset", (event) => {
    event.preventDefault();
    discard();
  });

  // Elements, always from text

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function fill(selector, items, make) {
    $(selector).replaceChildren(...items.map(make));
  }

  function marked(tone, target) {
    target.dataset.tone = tone;
    return target;
  }

  function say(text, tone = "plain") {
    marked(tone, $("#said")).textContent = text;
  }

  connect();
})();
