// The kiosk: keeps each answer on the device until the server has it, and resets itself.

const link = document.body.dataset.link;
const home = document.body.dataset.language;
const SHELF = `ec-kiosk-${link}`;
const THANKS_MS = 8_000;
const DONE_MS = 4_000;
const IDLE_MS = 30_000;
const RETRY_MS = 20_000;
const sections = [...document.querySelectorAll("main section")];
let resetTimer;
let isSending = false;
let answered = ""; // the answer that a comment adds to

const bucketOf = (score) => (score <= 6 ? "detractor" : score <= 8 ? "passive" : "promoter");
const waiting = () => JSON.parse(localStorage.getItem(SHELF) ?? "[]");
const keep = (answers) => localStorage.setItem(SHELF, JSON.stringify(answers));

const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const show = (language, part) => {
  document.documentElement.lang = language;
  for (const section of sections) {
    section.hidden = section.lang !== language;
    for (const one of section.querySelectorAll("[data-part]")) one.hidden = one.dataset.part !== part;
  }
  for (const choice of document.querySelectorAll(".languages a")) {
    if (choice.hreflang === language) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
};

const resetAfter = (milliseconds) => {
  clearTimeout(resetTimer);
  resetTimer = setTimeout(() => {
    forget();
    show(home, "question");
  }, milliseconds);
};

// Nothing that one person wrote stays for the next.
const forget = () => {
  answered = "";
  for (const form of document.querySelectorAll("form[data-more]")) form.reset();
};

const tellWaiting = (isAway) => {
  const count = waiting().length;
  for (const note of document.querySelectorAll(".waiting")) {
    note.hidden = !isAway || count === 0;
    note.querySelector("[data-waiting]").textContent = count;
  }
};

// An answer leaves the shelf when the server has it, or says that it never will take it.
const isSettled = (status, said) =>
  status === 200 || status === 201 || [400, 409, 413, 415].includes(status) || (status === 404 && said.amends);

const send = async () => {
  if (isSending) return;
  isSending = true;
  let isAway = false;
  try {
    for (let next = waiting()[0]; next && !isAway; next = waiting()[0]) {
      const reply = await fetch(`/s/${link}`, {
        method: "POST",
        credentials: "omit",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(next),
      });
      if (isSettled(reply.status, next)) {
        keep(waiting().filter((one) => one.submission_id !== next.submission_id));
      } else isAway = true;
    }
  } catch {
    isAway = true; // no network: it is tried again
  }
  isSending = false;
  tellWaiting(isAway);
};

const shelve = (said) => keep([...waiting(), { ...said, answered_at: new Date().toISOString() }]);

const addMore = (event) => {
  event.preventDefault();
  const said = { submission_id: newId(), amends: answered };
  for (const [name, value] of new FormData(event.target)) {
    if (name === "comment") {
      if (value.trim()) said.comment = value;
    } else said[name] = Number(value);
  }
  if (answered && Object.keys(said).length > 2) shelve(said);
  show(event.target.closest("section").lang, "done");
  forget();
  resetAfter(DONE_MS);
  send();
};

document.addEventListener("submit", (event) => {
  if ("more" in event.target.dataset) {
    addMore(event);
    return;
  }
  const language = event.target.elements.language.value;
  const score = Number(event.submitter.value);
  const submission_id = newId();
  try {
    shelve({ submission_id, score, language });
  } catch {
    return; // no room on the device, or none allowed: the form is sent as it is
  }
  event.preventDefault();
  answered = submission_id;
  show(language, bucketOf(score));
  resetAfter(THANKS_MS);
  send();
});

document.addEventListener("click", (event) => {
  const choice = event.target.closest(".languages a, a.button");
  if (!choice) return;
  event.preventDefault();
  forget();
  show(choice.hreflang || home, "question");
  resetAfter(IDLE_MS);
});

for (const kind of ["pointerdown", "keydown", "input"]) {
  document.addEventListener(kind, () => resetAfter(IDLE_MS));
}
addEventListener("online", send);
setInterval(send, RETRY_MS);
if (document.querySelector('[data-part="question"]').hidden) resetAfter(THANKS_MS);
send();
// Where the browser lets it, the page itself can be loaded anew without the network.
navigator.serviceWorker?.register("/k/worker.js", { scope: "/k/" }).catch(() => {});
