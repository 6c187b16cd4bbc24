// The live board. The socket says which chargers changed, with a version per company; the page
// fetches those cards. A version that does not follow the last one means that something was
// missed: then the whole list is fetched. Nothing from the socket is ever put into the page.
(() => {
  "use strict";
  const PING_EVERY_MS = 20_000;
  const PONG_WITHIN_MS = 8_000;
  // The first change is fetched almost at once, what follows it at most this often.
  const SOON_MS = 50;
  const GATHER_MS = 1_000;
  const FIRST_RETRY_MS = 1_000;
  const LONGEST_RETRY_MS = 30_000;
  const DO_NOT_RETRY = new Set([4401, 4403]);

  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  const list = () => document.getElementById("chargers");
  const seen = new Map(Object.entries(JSON.parse(list().dataset.versions)));
  const changed = new Set();
  let socket = null;
  let retryIn = FIRST_RETRY_MS;
  let retryTimer = 0;
  let gatherTimer = 0;
  let fetchedAt = -GATHER_MS;
  let behind = false;
  let pingTimer = 0;
  let pongTimer = 0;

  function say(state) {
    live.dataset.state = state;
    lost.hidden = state !== "off";
  }

  function connect() {
    clearTimeout(retryTimer);
    const url = new URL(list().dataset.socket, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(url);
    socket = mine;
    mine.onmessage = (event) => mine === socket && receive(JSON.parse(event.data));
    mine.onclose = (event) => mine === socket && closed(event.code);
  }

  function closed(code) {
    socket = null;
    clearTimeout(pingTimer);
    clearTimeout(pongTimer);
    say("off");
    if (code === 4401) return location.reload(); // signed out elsewhere: the login page says so
    if (DO_NOT_RETRY.has(code)) return;
    retryTimer = setTimeout(connect, retryIn * (0.75 + Math.random() / 2));
    retryIn = Math.min(retryIn * 2, LONGEST_RETRY_MS);
  }

  function drop() {
    if (!socket) return;
    const old = socket;
    old.onclose = null;
    old.close();
    closed(0);
  }

  function ping() {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    socket.send('{"kind":"ping"}');
    clearTimeout(pongTimer);
    pongTimer = setTimeout(drop, PONG_WITHIN_MS);
  }

  function receive(message) {
    clearTimeout(pongTimer);
    clearTimeout(pingTimer);
    pingTimer = setTimeout(ping, PING_EVERY_MS);
    if (message.kind === "hello") hello(message.versions);
    else if (message.kind === "changed") change(message);
    else if (message.kind === "bell") htmx.trigger("#bell-side", "ring");
  }

  function hello(versions) {
    retryIn = FIRST_RETRY_MS;
    say("on");
    const missed = Object.entries(versions).some(([cpo, version]) => seen.get(cpo) !== version);
    for (const [cpo, version] of Object.entries(versions)) seen.set(cpo, version);
    if (missed) refetch();
  }

  function change({ cpo, version, chargers }) {
    const last = seen.get(cpo) ?? 0;
    if (version <= last && last - version < 1000) return; // older than what is shown
    seen.set(cpo, version);
    if (document.hidden) return void (behind = true); // nobody looks: all at once when they do
    if (version !== last + 1) return refetch();
    chargers.forEach((id) => changed.add(id));
    const wait = Math.max(SOON_MS, fetchedAt + GATHER_MS - performance.now());
    gatherTimer ||= setTimeout(fetchChanges, wait);
  }

  function fetchChanges() {
    gatherTimer = 0;
    fetchedAt = performance.now();
    const url = new URL(list().dataset.changes, location.href);
    for (const id of changed) {
      if (document.getElementById(`charger-${id}`)) url.searchParams.append("charger", id);
    }
    changed.clear();
    load(url);
  }

  function refetch() {
    changed.clear();
    const url = new URL(location.href);
    htmx.ajax("GET", url.pathname + url.search, { target: "#chargers", swap: "outerMorph" });
    const kpis = new URL(list().dataset.changes, location.href);
    load(kpis);
  }

  function load(url) {
    htmx.ajax("GET", url.pathname + url.search, { source: live, target: live, swap: "none" });
  }

  document.getElementById("retry").addEventListener("click", () => {
    retryIn = FIRST_RETRY_MS;
    connect();
  });
  addEventListener("offline", drop);
  addEventListener("online", () => socket || connect());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (behind) {
      behind = false;
      refetch();
    }
    socket ? ping() : connect();
  });

  // Another company is another socket: open the page anew.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-reload]")) return;
    event.stopPropagation();
    event.target.form.submit();
  }, true);

  addEventListener("pagehide", () => {
    if (socket) socket.onclose = null;
  });
  connect();
})();
