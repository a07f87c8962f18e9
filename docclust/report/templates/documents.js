// All documents: search, filter, sort. Only the rows in sight are there.

const ROW = 44, HEAD = 36;
const table = { rows: [], textHits: null, search: 0, lowered: null };

// A line for each document, ready to be searched.
function lowered() {
  table.lowered ??= D.ids.map((id, row) => `${D.titles[row]}\n${id}`.toLowerCase());
  return table.lowered;
}

function titleMatches(wanted) {
  const found = [];
  lowered().forEach((line, row) => { if (line.includes(wanted)) found.push(row); });
  return found;
}

function refreshDocuments() {
  const began = performance.now();
  const wanted = $("search").value.trim().toLowerCase(), cluster = $("filter-cluster").value, runner = $("filter-runner").value;
  const most = Number($("filter-probability").value), limit = most === 1 ? FULL : most * FULL, lines = wanted ? lowered() : null;
  const found = [];
  for (let row = 0; row < D.n; row++) {
    if (cluster !== "" && D.cluster[row] !== Number(cluster)) continue;
    if (runner !== "" && D.runner[row] !== Number(runner) + 1) continue;
    if (D.probability[row] > limit) continue;
    if (lines && !lines[row].includes(wanted) && !(table.textHits && table.textHits[row])) continue;
    found.push(row);
  }
  const sort = $("documents-sort").value;
  if (sort === "title") { const names = new Map(found.map((row) => [row, titleOf(row).toLowerCase()])); found.sort((a, b) => (names.get(a) < names.get(b) ? -1 : names.get(a) > names.get(b) ? 1 : a - b)); }
  else if (sort === "probability") found.sort((a, b) => D.probability[a] - D.probability[b] || a - b);
  else if (sort !== "row") found.sort((a, b) => D[sort][b] - D[sort][a] || a - b);
  table.rows = found;
  $("filter-said").textContent = shown(most);
  sayFound();
  sayFilters("documents");
  $("rows").scrollTop = 0;
  drawRows();
  D.filterTook = performance.now() - began;
}

function sayFound(searching = table.searching) {
  $("documents-count").textContent = `${table.rows.length.toLocaleString("en")} of ${count(D.n, "document")}${here()}${searching ? "; still searching the texts" : ""}.`;
}

// Texts are searched block by block, and the page answers in between.
async function searchTexts() {
  const wanted = $("search").value.trim().toLowerCase(), mine = ++table.search;
  table.textHits = null;
  table.searching = Boolean(wanted && D.hasTexts && $("in-texts").checked);
  refreshDocuments();
  if (!table.searching) return;
  blocks.data ??= parsed("texts");
  const hits = new Uint8Array(D.n), { firsts } = blocks.data;
  let told = performance.now();
  for (let place = 0; place < blocks.data.blocks.length; place++) {
    const texts = await textBlock(place);
    if (mine !== table.search) return;
    texts.forEach((text, i) => { if (text.toLowerCase().includes(wanted)) hits[firsts[place] + i] = 1; });
    if (performance.now() - told > 40) { await new Promise((next) => setTimeout(next)); told = performance.now(); }
    if (mine !== table.search) return;
  }
  table.textHits = hits;
  table.searching = false;
  refreshDocuments();
}

function rowElement(row, place) {
  const runner = D.runner[row] ? [badge(D.runner[row] - 1), share(D.runner_up_probability[row])] : ["-"];
  const node = el("div", { class: "row", role: "row", "aria-rowindex": place + 2, "data-row": row },
    el("span", { class: "cell", role: "cell" }, opener(row)),
    el("span", { class: "cell", role: "cell" }, badge(D.cluster[row]), bar(D.probability[row] / FULL, D.cluster[row]), share(D.probability[row])),
    el("span", { class: "cell", role: "cell" }, ...runner),
    ...["mixed", "unclear", "atypical"].map((kind) => el("span", { class: "cell small", role: "cell", text: share(D[kind][row]) })));
  node.style.top = `${HEAD + place * ROW}px`;
  return node;
}

function drawRows() {
  const view = $("rows"), first = Math.max(0, Math.floor((view.scrollTop - HEAD) / ROW) - 6), last = Math.min(table.rows.length, first + Math.ceil((view.clientHeight || 700) / ROW) + 14);
  view.setAttribute("aria-rowcount", table.rows.length + 1);
  table.body.style.height = `${HEAD + table.rows.length * ROW}px`;
  // Whoever is in a row that is drawn anew stays there.
  const inside = table.body.contains(document.activeElement) ? document.activeElement.closest(".row")?.getAttribute("aria-rowindex") : null;
  table.body.replaceChildren(table.head, ...table.rows.slice(first, last).map((row, i) => rowElement(row, first + i)));
  if (inside) table.body.querySelector(`[aria-rowindex="${inside}"] button`)?.focus({ preventScroll: true });
}

function drawDocuments() {
  table.head = el("div", { class: "row head", role: "row", "aria-rowindex": 1 }, ...["document", "cluster", "runner-up", "mixed", "unclear", "atypical"].map((name) => el("span", { class: "cell", role: "columnheader", text: name })));
  table.body = el("div", { class: "tall", role: "rowgroup" });
  $("rows").replaceChildren(table.body);
  $("in-texts-part").hidden = !D.hasTexts;
  options($("filter-cluster"), clusterChoices("any"));
  options($("filter-runner"), clusterChoices("any"));
  for (const id of ["filter-cluster", "filter-runner", "documents-sort"]) $(id).addEventListener("change", refreshDocuments);
  $("filter-probability").addEventListener("input", refreshDocuments);
  $("search").addEventListener("input", later(120, searchTexts));
  $("in-texts").addEventListener("change", searchTexts);
  $("rows").addEventListener("scroll", drawRows);
  $("rows").addEventListener("keydown", (event) => {
    const step = { ArrowDown: ROW, ArrowUp: -ROW }[event.key];
    if (step && event.target !== $("rows")) { event.preventDefault(); moveFocus(event.target.closest(".row"), step > 0 ? 1 : -1); }
  });
  offerToShowAll("documents", searchTexts);
  new ResizeObserver(drawRows).observe($("rows"));
  searchTexts();
}

function moveFocus(from, step) {
  const place = Number(from.getAttribute("aria-rowindex")) - 2 + step;
  if (place < 0 || place >= table.rows.length) return;
  const top = HEAD + place * ROW, view = $("rows");
  if (top < view.scrollTop + HEAD) view.scrollTop = top - HEAD;
  if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
  drawRows();
  view.querySelector(`[aria-rowindex="${place + 2}"] button`)?.focus({ preventScroll: true });
}
