// Tables: sorting by a column, finding rows, and showing the rows that the page's choices name.
"use strict";

function taxdistillTables(state) {
  const tables = [...document.querySelectorAll(".taxdistill table")];

  const value = (row, column) => row.cells[column].dataset.value;

  // Of a lineage, only the last names are written; the whole is its value.
  const text = (row) => [...row.cells].map((cell) => `${cell.textContent} ${cell.dataset.value}`).join(" ").toLowerCase();

  function compare(a, b, numeric) {
    // Missing values stand last whichever way the column is sorted.
    if (numeric) return Number(a) - Number(b);
    return a.localeCompare(b, undefined, { numeric: true });
  }

  function sort(table, column) {
    const header = table.tHead.rows[0].cells[column];
    const numeric = ["td-count", "td-share", "td-number", "td-contigs"].some((kind) => header.classList.contains(kind));
    // Large numbers are what people look for first; names are read from A.
    const first = numeric ? "descending" : "ascending";
    const second = numeric ? "ascending" : "descending";
    const order = header.getAttribute("aria-sort") === first ? second : first;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const full = rows.filter((row) => value(row, column) !== "");
    const empty = rows.filter((row) => value(row, column) === "");
    full.sort((a, b) => sign * compare(value(a, column), value(b, column), numeric));
    body.append(...full, ...empty);
  }

  function showRows(table) {
    const wanted = (document.querySelector(`[data-find="${table.id}"]`)?.value ?? "").trim().toLowerCase();
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const chosen = Object.entries(state).every(([key, choice]) => !(key in row.dataset) || row.dataset[key] === choice);
      row.hidden = !(chosen && (!wanted || text(row).includes(wanted)));
      shown += row.hidden ? 0 : 1;
    }
    table.parentElement.querySelector(".td-empty").hidden = shown > 0;
  }

  for (const cell of document.querySelectorAll("td.td-taxon")) cell.title = cell.dataset.value;
  for (const table of tables) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => sort(table, column));
    });
    document.querySelector(`[data-find="${table.id}"]`)?.addEventListener("input", () => showRows(table));
  }

  return { choose: () => tables.forEach(showRows) };
}
