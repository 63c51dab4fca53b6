// Says the value of a slider beside it while it is moved; without this the form tells after sending.
document.addEventListener("input", (event) => {
  const slider = event.target;
  if (!slider.matches(".ec-slider input[type=range]")) return;
  const language = document.documentElement.lang;
  slider.parentElement.querySelector("output").textContent = Number(slider.value).toLocaleString(language);
});
