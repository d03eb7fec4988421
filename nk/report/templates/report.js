"use strict";
// Tables that can be sorted get a button in every head; without this script they are plain tables.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => (row.cells[place].dataset.value ?? row.cells[place].textContent).trim().replace(/^< /, "");
      const known = (row) => !["", "-"].includes(text(row));
      const [rows, last] = [[...body.rows].filter(known), [...body.rows].filter((row) => !known(row))];
      const order = rows.every((row) => !Number.isNaN(Number(text(row)))) ? (a, b) => Number(text(a)) - Number(text(b))
        : (a, b) => text(a).localeCompare(text(b), undefined, { numeric: true });
      rows.sort(order);
      body.append(...(down ? rows.reverse() : rows), ...last);
    });
  });
}
// What is looked for, and which rows, of the table of predictions.
for (const box of document.querySelectorAll(".predictions")) {
  const rows = [...box.querySelector("tbody").rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const status = box.querySelector("[role=status]");
  const inputs = [...box.querySelectorAll("input, select")];
  const show = () => {
    const wanted = Object.fromEntries(inputs.map((one) => [one.name, one.value]));
    let count = 0;
    rows.forEach((row, place) => {
      const fits = texts[place].includes((wanted.text || "").toLowerCase())
        && ["truth", "predicted", "right"].every((key) => !wanted[key] || row.dataset[key] === wanted[key]);
      row.hidden = !fits;
      count += fits;
    });
    status.textContent = `${count} of ${rows.length} rows shown`;
  };
  for (const input of inputs) input.addEventListener("input", show);
  box.querySelector(".filters").hidden = false;
}
// One recording at a time.
document.addEventListener("play", (event) => {
  for (const one of document.querySelectorAll("audio")) if (one !== event.target) one.pause();
}, true);
// The paragraph on methods, to be pasted.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById(button.dataset.of));
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    button.textContent = document.execCommand("copy") ? "Copied" : "Marked: copy it by Ctrl+C";
  });
}
// By keyboard one stops at a table only where it scrolls.
const stops = () => {
  for (const one of document.querySelectorAll("[role=region]")) {
    const scrolls = one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
    if (scrolls) one.tabIndex = 0; else one.removeAttribute("tabindex");
  }
};
addEventListener("resize", stops);
document.addEventListener("toggle", stops, true);
stops();
// On paper nothing is folded but the numbers of a figure, and afterwards all is as it was.
const folded = [...document.querySelectorAll("details:not(.beside)")];
let opened = [];
addEventListener("beforeprint", () => {
  opened = folded.filter((one) => !one.open);
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});
