// One session's curve: power on the left axis, state of charge on the right one.
(() => {
  "use strict";
  const canvas = document.getElementById("curve");
  if (!canvas) return;
  const data = JSON.parse(document.getElementById("curve-data").textContent);
  const number = (text) => (text === null ? null : Number(text));
  let chart = null;

  // A canvas knows no custom properties: let the browser compute the colour first.
  function colour(value) {
    canvas.style.color = value;
    const computed = getComputedStyle(canvas).color;
    canvas.style.color = "";
    return computed;
  }

  function line(label, values, stroke, axis, fill) {
    return {
      label, data: values, yAxisID: axis, borderColor: stroke, backgroundColor: fill,
      borderWidth: 2, pointRadius: 0, pointHitRadius: 12, tension: 0.25, spanGaps: true,
      fill: Boolean(fill),
    };
  }

  // Readings in doubt are points; all others are only a line.
  function mark(datasets, red) {
    if (!data.doubts?.length) return;
    const doubtful = new Set(data.doubts);
    for (const set of datasets) {
      set.pointRadius = data.labels.map((_label, index) => (doubtful.has(index) ? 4 : 0));
      set.pointBackgroundColor = red;
      set.pointBorderColor = red;
    }
  }

  function draw() {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    chart?.destroy();
    const blue = colour("var(--tblr-blue)");
    const green = colour("var(--tblr-green)");
    const text = colour("var(--tblr-secondary)");
    const grid = colour("var(--tblr-border-color-translucent)");
    const datasets = [line(data.names.power, data.power.map(number), blue, "y", colour("color-mix(in srgb, var(--tblr-blue) 12%, transparent)"))];
    if (data.soc.length) datasets.push(line(data.names.soc, data.soc, green, "soc"));
    if (data.energy?.length) datasets.push(line(data.names.energy, data.energy.map(number), colour("var(--tblr-orange)"), "energy"));
    mark(datasets, colour("var(--tblr-red)"));
    const axis = { ticks: { color: text }, grid: { color: grid }, border: { display: false } };
    chart = new Chart(canvas, {
      type: "line",
      data: { labels: data.labels, datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        locale: document.documentElement.lang,
        plugins: { legend: { align: "end", labels: { color: text, boxWidth: 14, boxHeight: 2 } } },
        scales: {
          x: { ...axis, grid: { display: false }, ticks: { color: text, maxTicksLimit: 8, maxRotation: 0 } },
          y: { ...axis, beginAtZero: true, title: { display: true, text: "kW", color: text } },
          soc: {
            ...axis, display: data.soc.length > 0, position: "right", min: 0, max: 100,
            grid: { display: false }, title: { display: true, text: "%", color: text },
          },
          energy: {
            ...axis, display: Boolean(data.energy?.length), position: "right", beginAtZero: true,
            grid: { display: false }, title: { display: true, text: "kWh", color: text },
          },
        },
      },
    });
  }

  draw();
  document.addEventListener("uniev:theme", draw);
})();
