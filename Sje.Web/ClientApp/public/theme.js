// Before the first paint, so that no page flashes in the wrong theme; a file of its own because no inline script may run.
(function () {
  var chosen = "system";
  var density = "normal";
  try {
    var kept = JSON.parse(localStorage.getItem("sje.preferences") || "{}");
    chosen = kept.theme || chosen;
    density = kept.density || density;
  } catch (e) {
    // What cannot be read is not there.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.dataset.density = density;
})();
