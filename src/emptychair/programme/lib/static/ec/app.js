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

// A live region is swapped only while nobody is at work inside it: an open menu or table, a
// focused field or selected text must not be pulled away. The next poll tries again.
const isInUse = (region) =>
  region.contains(document.activeElement) ||
  (!getSelection().isCollapsed && region.contains(getSelection().anchorNode));
const stateOf = (region) =>
  [...region.querySelectorAll("details[id]")].map((details) => [details.id, details.open]);
let remembered = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  if (!region.matches("[data-ec-live]") || event.detail.xhr.status !== 200) return;
  if (isInUse(region)) event.detail.shouldSwap = false;
  else remembered = stateOf(region);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.detail.target.matches("[data-ec-live]")) return;
  for (const [id, open] of remembered) {
    const details = document.getElementById(id);
    if (details) details.open = open;
  }
});
