// Small conveniences over pages that work without them.

// Selects and dates of a filter bar apply at once; the button stays for those without JavaScript.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-ec-apply]");
  if (form && event.target.matches("select, input[type=date]") && form.checkValidity()) {
    form.requestSubmit();
  }
});

// Empty fields stay out of the address, so that links are short and comparable.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-ec-apply]")) return;
  for (const field of event.target.querySelectorAll("select, input")) {
    if (field.value === "") field.disabled = true;
  }
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-ec-apply] :disabled")) {
    field.disabled = false;
  }
});

// Menus made of details close on Escape and on a click elsewhere.
const openMenus = () => document.querySelectorAll("details.ec-menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A live region is swapped whole. What the reader had opened or reached in it is found again
// by id or address; while text is selected in it, or a mouse button is down, the swap waits.
const PLACES = "a[href], button, summary, input, select, [tabindex]";
const nameOf = (place) => place.id || place.getAttribute("href") || place.textContent.trim();
let remembered = { open: [], focus: null };
let isPressed = false;
document.addEventListener("pointerdown", () => { isPressed = true; });
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => { isPressed = false; });
}

const isSelectedIn = (region) => {
  const selection = getSelection();
  return !selection.isCollapsed && region.contains(selection.anchorNode);
};

const stateOf = (region) => {
  const places = [...region.querySelectorAll(PLACES)];
  const reached = places.indexOf(document.activeElement);
  return {
    open: [...region.querySelectorAll("details[id]")].map((one) => [one.id, one.open]),
    focus: reached < 0 ? null : { index: reached, name: nameOf(places[reached]) },
    top: scrollY,
    scrolled: [...region.querySelectorAll(".ec-scroll")].map((one) => one.scrollLeft),
  };
};

document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  if (!region.matches("[data-ec-live]") || event.detail.xhr.status !== 200) return;
  if (isPressed || isSelectedIn(region)) event.detail.shouldSwap = false;
  else remembered = { id: region.id, ...stateOf(region) };
});

document.addEventListener("htmx:afterSwap", () => {
  const region = remembered.id && document.getElementById(remembered.id);
  if (!region) return;
  for (const [id, open] of remembered.open) {
    const details = document.getElementById(id);
    if (details) details.open = open;
  }
  const scrollers = region.querySelectorAll(".ec-scroll");
  remembered.scrolled.forEach((left, i) => { if (scrollers[i]) scrollers[i].scrollLeft = left; });
  if (remembered.focus) {
    const places = [...region.querySelectorAll(PLACES)];
    const { index, name } = remembered.focus;
    const same = nameOf(places[index] ?? region) === name ? places[index] : null;
    (same ?? places.find((place) => nameOf(place) === name))?.focus({ preventScroll: true });
  }
  scrollTo({ top: remembered.top, behavior: "instant" });
  remembered = { open: [], focus: null };
});

// The card behind a figure opens in a dialogue. Without JavaScript its link leads to a page.
const dialogOf = (html, close) => {
  const dialog = document.createElement("dialog");
  dialog.className = "ec-dialog";
  const button = document.createElement("button");
  button.className = "btn btn-outline ec-dialog-close";
  button.textContent = close;
  button.addEventListener("click", () => dialog.close());
  const body = document.createElement("div");
  body.innerHTML = html; // from our own server, escaped there
  const heading = body.querySelector("h2");
  if (heading) {
    heading.id = "ec-dialog-title";
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  dialog.append(button, body);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
};

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-ec-card]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(answer.status);
    const dialog = dialogOf(await answer.text(), document.body.dataset.ecClose);
    document.body.append(dialog);
    dialog.showModal();
  } catch {
    location.href = link.href;
  }
});
