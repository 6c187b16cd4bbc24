// Light or dark before the first paint: what was chosen here, else what the system says.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is forbidden: the system decides
    }
  }

  function show() {
    const theme = chosen() ?? (system.matches ? "dark" : "light");
    root.setAttribute("data-bs-theme", theme);
    document.dispatchEvent(new CustomEvent("uniev:theme", { detail: theme }));
  }

  show();
  system.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", next);
    } catch {
      root.setAttribute("data-bs-theme", next);
      return;
    }
    show();
  });
})();
