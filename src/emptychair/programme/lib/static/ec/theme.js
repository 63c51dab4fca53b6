// Tells Tabler which scheme the system prefers when the reader has not chosen one. Loaded in the
// head so that nothing flashes; without JavaScript the tokens alone follow the system.
(() => {
  const root = document.documentElement;
  if (root.dataset.bsTheme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", follow);
  follow();
})();
