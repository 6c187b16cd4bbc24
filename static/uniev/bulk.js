// One tick for all that are listed.
(() => {
  "use strict";
  const all = document.getElementById("all");
  if (!all) return;
  const each = [...document.querySelectorAll("#bulk [name=charger]")];
  all.addEventListener("change", () => {
    for (const box of each) box.checked = all.checked;
  });
  for (const box of each) {
    box.addEventListener("change", () => {
      all.checked = each.every((one) => one.checked);
    });
  }
})();
