// The map of the finished run. Thinned by a rule: all listed documents, then undecided ones, then the others.

const MOST = { undecided: 600, decided: 5000, ringed: 500 };
const planes = [];

const xOf = (row) => D.meta.map.low[0] + (D.x[row] / FULL) * D.meta.map.span[0];
const yOf = (row) => D.meta.map.low[1] + (D.y[row] / FULL) * D.meta.map.span[1];

// The part of the plane where nearly all documents and all ellipses are: a few far documents would make the rest small.
function usualBox(ellipses) {
  const cut = (array, low, span, centres, variances) => {
    const sorted = Array.from(array).sort((a, b) => a - b), at = (part) => low + (sorted[Math.floor(part * (sorted.length - 1))] / FULL) * span;
    const margin = D.n > 1000 ? 0.005 : 0, reach = variances.map((variance) => RADIUS * Math.sqrt(Math.max(variance, 0)));
    return [Math.min(at(margin), ...centres.map((centre, i) => centre - reach[i])), Math.max(at(1 - margin), ...centres.map((centre, i) => centre + reach[i]))];
  };
  const { low, span } = D.meta.map, column = (i) => ellipses.map((ellipse) => ellipse[i]);
  return [...cut(D.x, low[0], span[0], column(0), column(2)), ...cut(D.y, low[1], span[1], column(1), column(4))];
}

// Rows in an order that is fixed and yet even over the corpus, so that what is drawn does not jump while moving.
function evenOrder() {
  const keys = Float64Array.from({ length: D.n }, (_, row) => (Math.imul(row + 1, 2654435761) >>> 0) * 2 ** 21 + row);
  return Uint32Array.from(keys.sort(), (key) => key % 2 ** 21);
}

function thinned(plane, order, wanted) {
  const found = { listed: [], undecided: [], decided: [], inView: { listed: 0, undecided: 0, decided: 0 } };
  for (const row of order) {
    const kind = isListed(row) ? "listed" : undecided(row) ? "undecided" : "decided";
    if (!wanted(row, kind)) continue;
    const place = plane.at(xOf(row), yOf(row));
    if (!plane.sees(...place)) continue;
    found.inView[kind]++;
    if (kind === "listed" || found[kind].length < MOST[kind]) found[kind].push([...place, row]);
  }
  return found;
}

function drawMap() {
  if (!D.meta.map) { $("map").replaceChildren(el("p", { class: "note", text: "This run saved no map." })); return; }
  const order = evenOrder(), { ellipses } = D.meta.map;
  let matches = null;
  const plane = new Plane($("map-canvas"), $("map-hint"), (drawn, colours) => {
    const only = $("map-cluster").value, focus = (cluster) => only === "" || Number(only) === cluster;
    const found = thinned(drawn, order, (row, kind) => (kind !== "decided" || $("map-decided").checked) && (focus(D.cluster[row]) || (D.runner[row] && kind !== "decided" && focus(D.runner[row] - 1))));
    const few = Math.min(D.n, found.decided.length + found.undecided.length) < 1500;
    if ($("map-ellipses").checked) ellipses.forEach((ellipse, cluster) => drawn.ellipse(cluster, ellipse, colours, focus(cluster)));
    const byCluster = D.clusters.map(() => []);
    for (const target of found.decided) byCluster[D.cluster[target[2]]].push(target);
    drawn.points(byCluster, few ? 4 : 2.4, colours, few ? 0.85 : 0.6);
    for (const [px, py, row] of found.undecided) drawn.slices(px, py, few ? 7 : 4.5, pie(row), colours);
    for (const [px, py, row] of found.listed) {
      const radius = few ? 7 : 5.5, about = D.evidence.get(row);
      if (undecided(row)) drawn.slices(px, py, radius, pie(row), colours);
      else drawn.points(D.clusters.map((_, cluster) => (cluster === D.cluster[row] ? [[px, py]] : [])), radius - 2, colours, 1);
      if (about.kinds.includes("mixed")) drawn.ring(px, py, radius + 3.5, about.shares, colours);
    }
    drawn.targets = [...found.decided, ...found.undecided, ...found.listed];
    if (matches) {
      drawn.context.strokeStyle = colours.ink;
      drawn.context.lineWidth = 2;
      for (const row of matches.slice(0, MOST.ringed)) { const [px, py] = drawn.at(xOf(row), yOf(row)); drawn.context.beginPath(); drawn.context.arc(px, py, 11, 0, 2 * Math.PI); drawn.context.stroke(); }
    }
    ellipses.forEach((ellipse, cluster) => { if (focus(cluster) && D.clusters[cluster].size) drawn.number(cluster, ellipse, colours); });
    sayShown(found, matches);
  }, openDocument);
  planes.push(plane);
  plane.show(usualBox(ellipses));
  options($("map-cluster"), clusterChoices("all"));
  const find = () => {
    const wanted = $("map-search").value.trim().toLowerCase();
    matches = wanted ? titleMatches(wanted) : null;
    refresh();
  };
  const refresh = () => { sayFilters("map"); plane.refresh(); };
  for (const id of ["map-cluster", "map-ellipses", "map-decided"]) $(id).addEventListener("change", refresh);
  $("map-in").addEventListener("click", () => plane.zoom(1.4));
  $("map-out").addEventListener("click", () => plane.zoom(1 / 1.4));
  $("map-whole").addEventListener("click", () => plane.show(usualBox(ellipses)));
  $("map-search").addEventListener("input", later(120, find));
  offerToShowAll("map", find);
  find();
  $("map-legend").replaceChildren(...D.clusters.map((about, cluster) => el("li", {}, shapeIcon(cluster), " ", badge(cluster), " ", el("bdi", { text: about.name }))));
}

function shapeIcon(cluster) {
  const parts = { circle: "M12 7a5 5 0 1 1-10 0a5 5 0 1 1 10 0", square: "M2 2h10v10h-10z", triangle: "M7 1l6 11h-12z", diamond: "M7 0l7 7l-7 7l-7-7z", cross: "M5 1h4v4h4v4h-4v4h-4v-4h-4v-4h4z" };
  return svg("svg", { class: `k${cluster % COLOURS}`, viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("path", { d: parts[SHAPES[cluster % SHAPES.length]] }));
}

function matchesSaid(found) {
  const said = `Found in the titles or ids of ${count(found, "document")}`;
  return found > MOST.ringed ? `${said}; the first ${MOST.ringed} are ringed.` : `${said}${found ? ", ringed" : ""}.`;
}

function sayShown(found, matches) {
  const { inView } = found, thin = ["undecided", "decided"].some((kind) => found[kind].length < inView[kind]);
  const said = `In view${isPart() ? ", of the documents in this page" : ""}: ${count(inView.listed, "listed ambiguous document")}, ${found.undecided.length.toLocaleString("en")} of ${inView.undecided.toLocaleString("en")} other undecided and ${found.decided.length.toLocaleString("en")} of ${inView.decided.toLocaleString("en")} decided ones are drawn.`;
  const next = `${said}${thin ? " The others are left out to keep the map readable; zoom in to see more. Listed ambiguous documents are always drawn." : ""}${matches ? ` ${matchesSaid(matches.length)}` : ""}`;
  if ($("map-shown").textContent !== next) $("map-shown").textContent = next;
}
