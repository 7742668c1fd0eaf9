// Charts: drawing them for a light or dark, wide or narrow page, following the page's choices, keyboard and download.
"use strict";

function taxdistillCharts(page, state, announce) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const forPrint = window.matchMedia("print");
  const hosts = [...document.querySelectorAll(".td-canvas")];
  const views = new Map();
  const datasets = Object.fromEntries(Object.entries(page.datasets).map(([name, columns]) => [name, toRows(columns)]));
  let narrow = isNarrow();

  function toRows(columns) {
    const names = Object.keys(columns);
    const length = names.length ? columns[names[0]].length : 0;
    return Array.from({ length }, (_, row) => Object.fromEntries(names.map((name) => [name, columns[name][row]])));
  }

  function isNarrow() {
    return document.querySelector(".taxdistill").clientWidth < 640;
  }

  function theme() {
    return dark.matches && !forPrint.matches ? "dark" : "light";
  }

  // Replaces what stands for a colour or for a choice between a wide and a narrow page.
  function resolve(spec, colours, isNarrowPage) {
    if (Array.isArray(spec)) return spec.map((part) => resolve(part, colours, isNarrowPage));
    if (spec === null || typeof spec !== "object") return spec;
    if ("$colour" in spec) return colours[spec.$colour];
    if ("$columns" in spec) return isNarrowPage ? 1 : spec.$columns;
    if ("$choice" in spec) return (spec.$before ?? "") + state[spec.$choice] + (spec.$after ?? "");
    if ("$narrow" in spec) return resolve(isNarrowPage ? spec.$narrow : spec.$wide, colours, isNarrowPage);
    return Object.fromEntries(Object.entries(spec).map(([key, part]) => [key, resolve(part, colours, isNarrowPage)]));
  }

  function config(colours) {
    const grid = colours.ink + "22";
    return {
      background: "transparent",
      font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', 'DejaVu Sans', sans-serif",
      view: { stroke: "transparent" },
      axis: {
        labelColor: colours.ink, titleColor: colours.ink, tickColor: grid, domainColor: colours.ink + "88",
        gridColor: grid, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600, titlePadding: 8, labelLimit: 170,
      },
      legend: {
        labelColor: colours.ink, titleColor: colours.ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 600,
        labelLimit: 240, symbolSize: 120, rowPadding: 4,
      },
      header: { labelColor: colours.ink, titleColor: colours.ink, labelFontSize: 12, labelFontWeight: 600 },
      title: { color: colours.ink },
      text: { color: colours.ink },
      rule: { color: colours.ideal },
    };
  }

  function specification(chart, mode, isNarrowPage) {
    const colours = page.palettes[mode];
    const spec = resolve(chart.spec, colours, isNarrowPage);
    const signals = chart.by.map((key) => ({ name: key, value: state[key] }));
    const used = JSON.stringify(spec);
    return {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      ...spec,
      params: [...signals, ...(spec.params ?? [])],
      datasets: Object.fromEntries(Object.entries(datasets).filter(([name]) => used.includes(JSON.stringify(name)))),
      config: config(colours),
    };
  }

  function embed(host, chart, mode, isNarrowPage, change = (spec) => spec) {
    const tooltip = { theme: mode, disableDefaultStyle: true };
    // The interpreter spares the page from evaluating strings, which some viewers forbid.
    return vegaEmbed(host, change(specification(chart, mode, isNarrowPage)), {
      actions: false, renderer: "svg", ast: true, tooltip, logLevel: 1,
    });
  }

  // A faceted chart does not know its container: what lies around its cells is measured, and the cells get the rest.
  async function fit(host, chart, view, isNarrowPage) {
    if (!chart.facetColumns) return;
    const columns = isNarrowPage ? 1 : chart.facetColumns;
    // Twice, since a legend that is wider than the first cells hides what lies around them.
    for (let round = 0; round < 2; round += 1) {
      const cell = view.signal("child_width");
      const around = host.querySelector("svg").getBoundingClientRect().width - columns * cell;
      const width = Math.max(80, Math.floor((host.clientWidth - around) / columns) - 1);
      if (width !== cell) await view.signal("child_width", width).resize().runAsync();
    }
  }

  async function draw(host) {
    const chart = page.charts[host.dataset.chart];
    views.get(host)?.finalize();
    const result = await embed(host, chart, theme(), narrow);
    views.set(host, result);
    await fit(host, chart, result.view, narrow);
  }

  async function drawAll() {
    narrow = isNarrow();
    for (const host of hosts) {
      await draw(host);
      // Lets the browser answer the reader between two charts.
      await new Promise((resume) => setTimeout(resume));
    }
  }

  async function choose() {
    for (const host of hosts) {
      const chart = page.charts[host.dataset.chart];
      if (!chart.by.length || !views.has(host)) continue;
      if (JSON.stringify(chart.spec).includes('"$choice"')) {
        await draw(host);
        continue;
      }
      const { view } = views.get(host);
      chart.by.forEach((key) => view.signal(key, state[key]));
      await view.runAsync();
      await fit(host, chart, view, narrow);
    }
  }

  // ---- download: always on white, as for print
  async function download(key, form) {
    const chart = page.charts[key];
    const host = hosts.find((candidate) => candidate.dataset.chart === key);
    const stage = document.createElement("div");
    stage.className = "td-stage";
    stage.style.width = `${host.clientWidth}px`;
    document.body.append(stage);
    const onWhite = (spec) => ({ ...spec, background: "#FFFFFF", padding: 10 });
    try {
      const result = await embed(stage, chart, "light", narrow, onWhite);
      await fit(stage, chart, result.view, narrow);
      const url = await result.view.toImageURL(form, form === "png" ? 3 : 1);
      const chosen = chart.by.map((name) => `-${state[name].replace(/\W+/g, "-")}`).join("");
      const link = Object.assign(document.createElement("a"), { href: url, download: `${key}${chosen}.${form}` });
      link.click();
      result.finalize();
    } finally {
      stage.remove();
    }
  }

  // ---- keyboard: arrow keys walk from mark to mark and show each one's tooltip
  // Axes and legends are groups, and lines pass through points that say the same.
  function marks(host) {
    const paths = [...host.querySelectorAll('svg path[role="graphics-symbol"][aria-label]')];
    return paths.filter((path) => {
      const box = path.getBoundingClientRect();
      return path.getAttribute("aria-roledescription") !== "line mark" && box.width > 0 && box.height > 0;
    });
  }

  function point(mark, kind) {
    const box = mark.getBoundingClientRect();
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true };
    mark.dispatchEvent(new PointerEvent(`pointer${kind}`, at));
    mark.dispatchEvent(new MouseEvent(`mouse${kind}`, at));
  }

  function walk(event) {
    const host = event.currentTarget;
    const all = marks(host);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (!(event.key in steps) || !all.length) return;
    event.preventDefault();
    const now = all.findIndex((mark) => mark.classList.contains("td-focus"));
    const next = now < 0 ? 0 : (now + steps[event.key] + all.length) % all.length;
    leave(host);
    all[next].classList.add("td-focus");
    point(all[next], "over");
    point(all[next], "move");
    announce(all[next].getAttribute("aria-label"));
  }

  function leave(host) {
    const old = host.querySelector(".td-focus");
    if (!old) return;
    old.classList.remove("td-focus");
    point(old, "out");
  }

  for (const host of hosts) {
    host.addEventListener("keydown", walk);
    host.addEventListener("blur", () => leave(host));
  }
  for (const button of document.querySelectorAll("[data-export]")) {
    button.addEventListener("click", () => download(button.dataset.chart, button.dataset.export));
  }
  dark.addEventListener("change", drawAll);
  forPrint.addEventListener("change", drawAll);
  let resizing;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(async () => {
      if (isNarrow() !== narrow) return drawAll();
      for (const host of hosts) {
        if (views.has(host)) await fit(host, page.charts[host.dataset.chart], views.get(host).view, narrow);
      }
    }, 150);
  });

  return { drawAll, choose };
}
