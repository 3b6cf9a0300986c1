// Sortable tables: without this script the page has no button that does nothing, and every table keeps its order.
"use strict";
const said = document.querySelector("[role=status]");

function value(row, column) {
  const cell = row.cells[column];
  if (!cell || row.cells.length < 3) return null; // a gap: it has no figures
  if (cell.dataset.v === undefined) return cell.tagName === "TH" ? cell.textContent : null;
  return cell.dataset.v === "" ? null : Number(cell.dataset.v);
}

function compare(one, other) {
  if (one === null || other === null) return 0;
  return typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other;
}

function sort(table, head) {
  const falling = head.getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => [value(row, head.cellIndex), row]);
  rows.sort(([one], [other]) => (one === null) - (other === null) || (falling ? -1 : 1) * compare(one, other));
  body.append(...rows.map(([, row]) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  said.textContent = `Sorted by ${head.innerText.replace(/\s+/g, " ").trim()}, ${falling ? "largest" : "smallest"} first.`;
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head));
    head.append(button);
  }
}

// Flame graphs: each frame is an <svg> of its own, placed in percentages, which a zoom changes.
function flame(graph) {
  const hint = graph.parentElement.querySelector("p");
  const frames = Array.from(graph.children).filter((one) => one.tagName === "svg").map((svg) => ({
    svg,
    left: parseFloat(svg.getAttribute("x")),
    width: parseFloat(svg.getAttribute("width")),
    y: Number(svg.getAttribute("y")),
    title: svg.querySelector("title").textContent,
  }));
  const slack = 0.02; // places are rounded to hundredths
  const within = (one, other) => one.left >= other.left - slack && one.left + one.width <= other.left + other.width + slack;
  let here = frames[0];

  function go(to) {
    if (!to) return;
    here.svg.classList.remove("here");
    here = to;
    here.svg.classList.add("here");
    hint.textContent = here.title;
  }

  function zoom(to) {
    for (const one of frames) {
      const above = one.y < to.y && within(to, one);
      const shown = above || within(one, to);
      one.svg.style.display = shown ? "" : "none";
      one.svg.setAttribute("x", `${above ? 0 : (100 * (one.left - to.left)) / to.width}%`);
      const width = above ? 100 : (100 * one.width) / to.width;
      one.svg.setAttribute("width", `${width}%`);
      if (shown && width > 1.2 && !one.svg.querySelector("text")) write(one);
    }
    go(to);
  }

  function write(one) {
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    text.setAttribute("x", 3);
    text.setAttribute("y", 12);
    text.textContent = one.title.slice(0, one.title.indexOf(": "));
    one.svg.append(text);
  }

  const seen = () => frames.filter((one) => one.svg.style.display !== "none");
  const moves = {
    ArrowDown: () => seen().find((one) => one.y > here.y && within(one, here)),
    ArrowUp: () => seen().findLast((one) => one.y < here.y && within(here, one)),
    ArrowRight: () => seen().find((one) => one.y === here.y && one.left > here.left),
    ArrowLeft: () => seen().findLast((one) => one.y === here.y && one.left < here.left),
  };
  graph.setAttribute("role", "application");
  graph.setAttribute("tabindex", "0");
  graph.addEventListener("keydown", (event) => {
    if (moves[event.key]) go(moves[event.key]());
    else if (event.key === "Enter") zoom(here);
    else if (event.key === "Escape") zoom(frames[0]);
    else return;
    event.preventDefault();
  });
  const under = (event) => frames.find((one) => one.svg.contains(event.target));
  graph.addEventListener("click", (event) => zoom(under(event) ?? frames[0]));
  graph.addEventListener("mousemove", (event) => { hint.textContent = (under(event) ?? here).title; });
  graph.addEventListener("focus", () => { hint.textContent = here.title; });
}
document.querySelectorAll(".flame").forEach(flame);
