// Tables that can be taken along, and a hint where one scrolls. A plain script, so that it runs in a page opened as a file
// too. Without it every page stays whole.
"use strict";

const cellText = (cell) => cell.dataset.value ?? cell.dataset.name ?? cell.textContent.trim();

// the rows of a table, as a machine reads them: raw names and values
const rowsOf = (table) => [...table.rows].map((row) => [...row.cells].map(cellText));

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asCsv = (rows) => rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");
const asTsv = (rows) => rows.map((row) => row.map((text) => text.replace(/[\t\n\r]+/g, " ")).join("\t")).join("\n");

function button(words, does) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = words;
  element.addEventListener("click", async () => {
    element.textContent = await does();
    setTimeout(() => (element.textContent = words), 2000);
  });
  return element;
}

// the clipboard where the page may use it; else the browser's own command, which a page opened as a file may
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  return "Copied";
}

function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  return "Saved";
}

const page = location.pathname.split("/").pop().replace(/\.html$/, "") || "index";
document.querySelectorAll(".result").forEach((region, number) => {
  const table = region.querySelector("table");
  if (!table || !table.querySelector("[data-name], [data-value]")) return;
  const tools = document.createElement("div");
  tools.className = "take";
  tools.append(
    button("Copy", () => copy(asTsv(rowsOf(table)))),
    button("CSV", () => save(asCsv(rowsOf(table)), `${page}-${number + 1}.csv`)),
  );
  region.after(tools);
});

// what a reader selects in such a table is copied as raw values too: the cells that the selection touches
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  const node = selection.anchorNode;
  const table = (node?.nodeType === 1 ? node : node?.parentElement)?.closest(".result table");
  if (!table || selection.isCollapsed || !table.contains(selection.focusNode)) return;
  if (!table.querySelector("[data-name], [data-value]")) return;
  const cells = [...table.rows].map((row) => [...row.cells].filter((cell) => selection.containsNode(cell, true)));
  const rows = cells.filter((row) => row.length).map((row) => row.map(cellText));
  if (rows.flat().length < 2) return; // a part of one cell is copied as it stands
  event.clipboardData.setData("text/plain", asTsv(rows));
  event.preventDefault();
});

// a region that scrolls sideways fades at the side where more is, and can be reached by keyboard
function hint(region) {
  if (region.scrollWidth > region.clientWidth && region.tabIndex < 0) region.tabIndex = 0;
  const more = region.scrollWidth - region.clientWidth - region.scrollLeft;
  region.classList.toggle("more-right", more > 1);
  region.classList.toggle("more-left", region.scrollLeft > 1);
}
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => hint(entry.target)));
document.querySelectorAll(".result, .pst-scrollable-table-container, figure.diagram .wide, div.highlight pre").forEach((region) => {
  sizes.observe(region);
  region.addEventListener("scroll", () => hint(region), { passive: true });
});

// on paper nothing is folded, and paper is white
const root = document.documentElement;
addEventListener("beforeprint", () => {
  root.dataset.printedFrom = root.dataset.theme;
  root.dataset.theme = "light";
  document.querySelectorAll(".bd-article details:not([open], .relations)").forEach((details) => {
    details.open = true;
    details.dataset.openedForPrint = "";
  });
});
addEventListener("afterprint", () => {
  root.dataset.theme = root.dataset.printedFrom;
  document.querySelectorAll("details[data-opened-for-print]").forEach((details) => {
    details.open = false;
    delete details.dataset.openedForPrint;
  });
});
