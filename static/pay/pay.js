// The driver's pages live without this; with it they tell the amount, count down and stay fresh.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- one tap, one payment (the server knows, too) ---------------------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.submitter ?? one("button", event.target);
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "1";
    button?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
    all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });

  // --- the first page: what will be paid stands on the button -----------------------------------
  const order = one("form[data-order]");
  if (order) {
    const button = one("button[data-label]", order);
    const plain = button.textContent;
    const show = () => {
      const mode = order.elements.mode.value;
      const own = order.elements[`${mode}_own`];
      const chosen = one(`input[name="${mode}"]:checked`, order);
      const pay = mode === "full" ? one(".panel.full", order).dataset.pay : !own?.value && chosen?.dataset.pay;
      button.textContent = pay ? `${button.dataset.label} ${pay}` : plain;
    };
    order.addEventListener("input", (event) => {
      // A chip that is tapped takes the place of what was typed.
      const own = order.elements[`${event.target.name}_own`];
      if (own && event.target.type === "radio") own.value = "";
      show();
    });
    addEventListener("pageshow", show);
    show();
  }

  // --- a connector that cannot be used now: shown anew as soon as it can, not under one's fingers --
  const later = one('meta[name="look-again"]');
  const word = (root) => one(".pill", root)?.textContent;
  const lookAgain = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const same = one('meta[name="look-again"]', fresh) && word(fresh) === word(document);
      if (answer.ok && !same && !document.activeElement.matches("input")) location.reload();
    } catch {
      // No line just now: the next look tells.
    }
  };
  if (later) setInterval(lookAgain, Number(later.content) * 1000);

  // --- copy a number ------------------------------------------------------------------------------
  const offerCopy = () => all("[data-copy]").forEach((button) => { button.hidden = !navigator.clipboard; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
  });

  // --- the time that is left ----------------------------------------------------------------------
  const tick = () => all("[data-until]").forEach((timer) => {
    const left = Math.max(0, Math.round((new Date(timer.dataset.until) - Date.now()) / 1000));
    const hours = Math.floor(left / 3600);
    const rest = [Math.floor(left / 60) % 60, left % 60].map((part) => String(part).padStart(2, "0"));
    timer.textContent = `(${hours ? `${hours}:` : ""}${rest.join(":")})`;
  });

  // --- a payment's page: fetch what changed, leave alone what is being used -----------------------
  const part = one("#part");
  const lost = one("#lost");
  const busy = (element) => one("details[open]", element) || element.matches("details[open]") ||
    element.contains(document.activeElement) && document.activeElement.matches("input, select");
  const put = (html, stage) => {
    const fresh = document.createElement("div");
    fresh.innerHTML = html;
    if (stage !== part.dataset.stage) {
      part.replaceChildren(...fresh.childNodes);
      return;
    }
    const names = (root) => all("[data-part]", root).map((each) => each.dataset.part).join();
    if (names(part) !== names(fresh)) {
      if (!all("[data-part]", part).some(busy)) part.replaceChildren(...fresh.childNodes);
      return;
    }
    for (const now of all("[data-part]", part)) {
      const next = one(`[data-part="${now.dataset.part}"]`, fresh);
      if (!busy(now) && now.textContent !== next.textContent) now.replaceWith(next);
    }
  };
  const look = async () => {
    try {
      const answer = await fetch(`${part.dataset.url}?v=${part.dataset.version}`, { headers: { Accept: "text/html" } });
      if (answer.status === 200) {
        put(await answer.text(), answer.headers.get("X-Stage"));
        for (const name of ["Stage", "Version", "Poll"]) part.dataset[name.toLowerCase()] = answer.headers.get(`X-${name}`);
        offerCopy();
        tick();
      }
      lost.hidden = answer.status < 500;
    } catch {
      lost.hidden = false;
    }
    again();
  };
  let timer;
  const again = () => {
    clearTimeout(timer);
    const seconds = Number(part.dataset.poll);
    if (seconds && !document.hidden) timer = setTimeout(look, seconds * 1000);
  };
  offerCopy();
  tick();
  setInterval(tick, 1000);
  if (part) {
    document.addEventListener("visibilitychange", () => document.hidden || !Number(part.dataset.poll) ? clearTimeout(timer) : look());
    again();
  }
})();
