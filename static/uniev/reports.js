// Days that somebody types are a period of their own; another period shows at once.
(() => {
  "use strict";
  const form = document.getElementById("report-form");
  const period = form.elements.period;
  for (const name of ["from", "to"]) {
    form.elements[name].addEventListener("input", () => {
      period.value = "dates";
    });
  }
  period.addEventListener("change", () => {
    if (period.value === "dates") form.elements.from.focus();
    else form.requestSubmit();
  });
})();
