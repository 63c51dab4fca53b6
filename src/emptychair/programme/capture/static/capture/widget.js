// Empty Chair's question inside a company's own page: Shadow DOM, no cookies, no globals.
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag || !tag.dataset.key) return;
  const base = `${new URL(tag.src).origin}/w/${tag.dataset.key}/`;
  const SEEN = `ec-asked-${tag.dataset.key}`;
  const QUIET_DAYS = 90;

  const post = async (kind, said) => {
    const reply = await fetch(base + kind, {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(said),
    });
    if (!reply.ok) throw new Error(String(reply.status));
    return reply.status === 202 ? {} : reply.json();
  };
  const newId = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  // Where storage is not allowed everybody is new; the server still knows customers it was told of.
  const isNew = () => {
    try {
      return Date.now() - Number(localStorage.getItem(SEEN) || 0) > QUIET_DAYS * 864e5;
    } catch {
      return true;
    }
  };
  const remember = () => {
    try {
      localStorage.setItem(SEEN, String(Date.now()));
    } catch {}
  };
  const bucketOf = (score) => (score <= 6 ? "detractor" : score <= 8 ? "passive" : "promoter");

  const make = (name, props = {}, ...children) => {
    const element = Object.assign(document.createElement(name), props);
    element.append(...children);
    return element;
  };

  const CSS = `
:host{all:initial;color-scheme:light dark}
*{box-sizing:border-box}
section{--a:var(--l);--o:var(--ol);--g:#fff;--i:#1d2430;--q:#5a6372;--r:#767f8d;position:fixed;right:16px;bottom:16px;
z-index:2147483000;width:min(26rem,calc(100vw - 32px));max-height:calc(100vh - 32px);overflow:auto;padding:20px;
border:1px solid var(--r);border-radius:12px;background:var(--g);color:var(--i);font:16px/1.45 system-ui,sans-serif;
box-shadow:0 8px 30px rgb(0 0 0/.2)}
@media(prefers-color-scheme:dark){section{--a:var(--d);--o:var(--od);--g:#1c222c;--i:#eef1f5;--q:#a9b3c1;--r:#7d8899}}
h2{margin:0 36px 14px 0;font-size:17px;line-height:1.35;font-weight:600}
fieldset{margin:0 0 14px;padding:0;border:0;min-width:0}
legend{padding:0;margin:0 0 6px;font-weight:600}
.s{display:grid;grid-template-columns:repeat(11,1fr);gap:4px}.f{grid-template-columns:repeat(5,1fr)}
.s label{position:relative}
.s input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.s span{display:grid;place-items:center;min-height:40px;border:1px solid var(--r);border-radius:6px;font-weight:600}
.s input:hover+span{border-color:var(--a)}
.s input:checked+span{background:var(--a);border-color:var(--a);color:var(--o);text-decoration:underline}
input:focus-visible+span,button:focus-visible,textarea:focus-visible,.t input:focus-visible{outline:3px solid var(--i);outline-offset:2px}
.n{display:flex;justify-content:space-between;gap:12px;margin:6px 0 0;color:var(--q);font-size:14px}
textarea{display:block;width:100%;margin:4px 0 14px;padding:8px;border:1px solid var(--r);border-radius:6px;background:var(--g);
color:inherit;font:inherit}
button{min-height:44px;padding:8px 22px;border:0;border-radius:8px;background:var(--a);color:var(--o);font:inherit;font-weight:600;cursor:pointer}
.x{position:absolute;top:10px;right:10px;min-height:36px;width:36px;padding:0;background:none;color:var(--i);font-size:20px}
.t{display:flex;gap:8px;align-items:center;min-height:32px;margin:0 0 14px}.t input{width:22px;height:22px;accent-color:var(--a)}
p{margin:0 0 12px}[hidden]{display:none}
@media(max-width:30rem){.s:not(.f){grid-template-columns:repeat(6,1fr)}}`;

  const choices = (name, values, className) =>
    make(
      "div",
      { className },
      ...values.map((value) =>
        make(
          "label",
          {},
          make("input", { type: "radio", name, value, required: name === "score" }),
          make("span", { textContent: value }),
        ),
      ),
    );
  const anchors = (low, high) =>
    make("p", { className: "n" }, make("span", { textContent: low }), make("span", { textContent: high }));

  const show = (asked) => {
    const { words } = asked;
    const host = make("div", { lang: asked.language });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    const { colours } = asked;
    sheet.replaceSync(
      `${CSS}section{--l:${colours.light};--ol:${colours.on_light};--d:${colours.dark};--od:${colours.on_dark}}`,
    );
    root.adoptedStyleSheets = [sheet];
    const title = make("h2", { id: "q", textContent: asked.question, tabIndex: -1 });
    const close = make("button", { className: "x", type: "button", textContent: "\u00d7", ariaLabel: words.close });
    const status = make("p", { hidden: true });
    status.setAttribute("role", "status");
    const form = make("form");
    const panel = make("section", {}, title, close, status, form);
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-labelledby", "q");
    root.append(panel);
    const before = document.activeElement;
    let isDone = false;
    let more = "";

    const leave = () => {
      host.remove();
      removeEventListener("keydown", onKey);
      before?.focus?.({ preventScroll: true });
      if (!isDone) post("decline", { token: asked.token }).catch(() => {});
    };
    const onKey = (event) => event.key === "Escape" && leave();
    const say = (text) => {
      status.textContent = text;
      status.hidden = !text;
    };
    const sendButton = () => make("button", { type: "submit", textContent: words.send });
    // One id for each thing said: a repeat after a lost reply counts once.
    const sending = (said, then) => {
      const whole = { submission_id: newId(), language: asked.language, ...said };
      return async () => {
        const button = form.querySelector("button");
        button.disabled = true;
        try {
          then(await post("answer", whole));
        } catch {
          say(words.failed);
        }
        button.disabled = false;
      };
    };

    const thank = (score) => {
      const bucket = bucketOf(score);
      title.textContent = asked.thanks[bucket];
      say("");
      const comment = make("textarea", { id: "c", rows: 3, maxLength: 10000 });
      const contact = make("input", { type: "checkbox" });
      const ratings = asked.ratings.map(([slug, label]) =>
        make("fieldset", {}, make("legend", { textContent: label }), choices(`rating_${slug}`, ["1", "2", "3", "4", "5"], "s f"), anchors(`1 = ${words.poor}`, `5 = ${words.excellent}`)),
      );
      form.replaceChildren(
        make("label", { htmlFor: "c", textContent: asked.follow_up[bucket] }),
        comment,
        ...ratings,
        make("label", { className: "t" }, contact, make("span", { textContent: words.contact })),
        sendButton(),
      );
      let retry = null;
      form.oninput = () => (retry = null);
      form.onsubmit = (event) => {
        event.preventDefault();
        const said = { more, comment: comment.value, contact_wanted: contact.checked };
        for (const chosen of form.querySelectorAll("input[type=radio]:checked")) said[chosen.name] = Number(chosen.value);
        retry ??= sending(said, () => {
          form.remove();
          close.focus();
          say(words.saved);
          setTimeout(leave, 4000);
        });
        retry();
      };
      title.focus({ preventScroll: true });
    };

    form.append(
      make("fieldset", {}, choices("score", [...Array(11).keys()].map(String), "s"), anchors(`0 = ${asked.low}`, `10 = ${asked.high}`)),
      sendButton(),
    );
    form.firstChild.setAttribute("aria-labelledby", "q");
    let retry = null;
    form.oninput = () => (retry = null);
    form.onsubmit = (event) => {
      event.preventDefault();
      const score = Number(form.elements.score.value);
      retry ??= sending({ token: asked.token, score }, (reply) => {
        isDone = true;
        more = reply.more;
        remember();
        thank(score);
      });
      retry();
    };
    if (words.test) say(words.test);
    close.onclick = () => {
      remember();
      leave();
    };
    addEventListener("keydown", onKey);
    document.body.append(host);
  };

  const start = async () => {
    const { customer, expires, signature, language } = tag.dataset;
    const said = { language: (language || document.documentElement.lang || navigator.language).slice(0, 2), is_new: isNew() };
    if (customer) Object.assign(said, { customer_id: customer, expires: Number(expires), signature });
    const asked = await post("ask", said).catch(() => ({}));
    if (asked.ask) setTimeout(show, asked.delay * 1000, asked);
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
