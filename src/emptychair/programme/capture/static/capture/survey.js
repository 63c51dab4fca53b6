// A score chosen in the message is stored as unconfirmed once a person touches the page.
// Nothing happens on load or by a timer, and the form works without this.

const form = document.querySelector("form[data-early]");
const KINDS = ["pointerdown", "touchstart", "keydown"];
let kept = "";

const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const keep = async () => {
  const score = form.elements.score.value;
  if (score === "" || score === kept) return;
  kept = score;
  const said = {
    submission_id: newId(),
    score: Number(score),
    language: form.elements.language.value,
    unconfirmed: true,
  };
  try {
    const reply = await fetch(location.pathname, {
      method: "POST",
      credentials: "omit",
      keepalive: true,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(said),
    });
    if (reply.ok) document.querySelector("[data-kept]").hidden = false;
  } catch {
    kept = ""; // no network: Send will tell
  }
};

const onFirst = (event) => {
  if (!event.isTrusted) return;
  for (const kind of KINDS) removeEventListener(kind, onFirst);
  // Who touches the scores is choosing anew, who presses Send is sending: both are seen to.
  if (!event.target.closest?.("fieldset, button, a")) keep();
};

if (form) {
  for (const kind of KINDS) addEventListener(kind, onFirst, { passive: true });
  form.addEventListener("change", (event) => event.isTrusted && event.target.name === "score" && keep());
}
