// The page as a whole: its choices, and starting the charts and tables.
"use strict";

(() => {
  document.documentElement.classList.add("td-js");
  const page = JSON.parse(document.getElementById("report-data").textContent);
  const state = Object.fromEntries(page.controls.map((control) => [control.key, control.initial]));
  const announce = (text) => {
    document.querySelector(".td-announce").textContent = text;
  };
  const charts = taxdistillCharts(page, state, announce);
  const tables = taxdistillTables(state);

  const follow = () => {
    tables.choose();
    return charts.choose();
  };

  for (const control of page.controls) {
    for (const input of document.querySelectorAll(`[data-control="${control.key}"] input`)) {
      // Browsers restore what was chosen before a reload; a report always opens with what it says.
      input.checked = input.value === control.initial;
      input.addEventListener("change", () => {
        state[control.key] = input.value;
        follow().then(() => announce(`Showing ${input.value}.`));
      });
    }
  }
  document.querySelector(".td-controls")?.addEventListener("submit", (event) => event.preventDefault());

  tables.choose();
  charts.drawAll().then(() => {
    document.documentElement.dataset.drawn = "true";
  });
})();
