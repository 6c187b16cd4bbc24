// The overview: bars of a month, and the sites on a map (with tiles where the platform has some).
(() => {
  "use strict";
  const read = (id) => {
    const element = document.getElementById(id);
    return element ? JSON.parse(element.textContent) : null;
  };
  const canvas = document.getElementById("curves");
  let curves = read("curves-data");
  let sites = read("sites-data") ?? [];
  const map = read("map-data");
  let chart = null;
  let markers = null;

  // A canvas knows no custom properties: let the browser compute the colour first.
  function colour(value) {
    canvas.style.color = value;
    const computed = getComputedStyle(canvas).color;
    canvas.style.color = "";
    return computed;
  }

  function draw() {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    chart?.destroy();
    const text = colour("var(--tblr-secondary)");
    const grid = colour("var(--tblr-border-color-translucent)");
    // Pale bars, so that the line before them reads.
    const blue = colour("color-mix(in srgb, var(--tblr-blue) 45%, transparent)");
    const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });
    const green = colour("var(--tblr-primary)");
    const axis = { beginAtZero: true, ticks: { color: text }, border: { display: false } };
    chart = new Chart(canvas, {
      data: {
        labels: curves.labels,
        datasets: [
          { type: "bar", label: curves.names.energy, data: curves.energy.map(Number), yAxisID: "y", backgroundColor: blue, borderRadius: 3, order: 2 },
          { type: "line", label: curves.names.revenue, data: curves.revenue, yAxisID: "money", borderColor: green, backgroundColor: green, borderWidth: 2, pointRadius: 0, pointHitRadius: 12, tension: 0.25, order: 1 },
        ],
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        locale: document.documentElement.lang,
        plugins: { legend: { align: "end", labels: { color: text, boxWidth: 14, boxHeight: 8 } } },
        scales: {
          x: { grid: { display: false }, border: { display: false }, ticks: { color: text, maxTicksLimit: 8, maxRotation: 0 } },
          y: { ...axis, grid: { color: grid } },
          money: {
            ...axis, suggestedMax: 1000, position: "right", grid: { display: false },
            ticks: { color: text, callback: (amount) => short.format(amount) },
          },
        },
      },
    });
  }

  function label(site) {
    const link = document.createElement("a");
    link.href = site.link;
    link.textContent = site.name;
    const box = document.createElement("div");
    box.append(link, document.createElement("br"), site.text);
    return box;
  }

  // A fifth of the page's weight, below the fold: fetched for those who scroll there.
  function fetchMap(ground) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = ground.dataset.style;
    const script = document.createElement("script");
    script.src = ground.dataset.script;
    script.onload = () => showSites(ground);
    document.head.append(style, script);
  }

  function showSites(ground) {
    const leaflet = L.map(ground, { attributionControl: Boolean(map.tiles), scrollWheelZoom: false });
    if (map.tiles) L.tileLayer(map.tiles, { attribution: map.credit, maxZoom: 19 }).addTo(leaflet);
    markers = L.layerGroup().addTo(leaflet);
    leaflet.fitBounds(mark(), { padding: [40, 40], maxZoom: 13 });
  }

  // Where the sites are, each in the colour of what it does now.
  function mark() {
    markers.clearLayers();
    const places = sites.map((site) => site.at.map(Number));
    sites.forEach((site, index) => {
      L.circleMarker(places[index], { className: `site site-${site.state}`, radius: 9 })
        .bindPopup(() => label(site))
        // On a plain ground a dot alone tells nothing.
        .bindTooltip(site.name, { permanent: !map.tiles && sites.length <= 12, direction: "right", offset: [8, 0] })
        .addTo(markers);
    });
    return places;
  }

  // Once a minute, while somebody looks: figures, what needs attention, curves and map.
  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["kpis", "attention", "month", "sites-data", "curves-data"]) {
        const [now, next] = [document.getElementById(id), fresh.getElementById(id)];
        if (now && next && !now.contains(document.activeElement)) now.replaceWith(next);
      }
    } catch {
      return; // No line just now: the next look tells.
    }
    curves = read("curves-data");
    sites = read("sites-data") ?? [];
    draw();
    // Not under the eyes of who reads about a site.
    if (markers && !document.querySelector(".leaflet-popup")) mark();
  }

  draw();
  setInterval(refresh, 60_000);
  const ground = document.getElementById("map");
  if (ground && sites.length) {
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      fetchMap(ground);
    }, { rootMargin: "100px" }).observe(ground);
  }
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
