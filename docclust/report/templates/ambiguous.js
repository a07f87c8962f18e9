// The three lists of ambiguous documents, and the matrix of clusters against clusters.

const KINDS = { mixed: "Two clusters on different topics each explain a part of these documents.", unclear: "These documents have too few words to tell, or their words point to several clusters alike.", atypical: "The words of these documents are unusual in every cluster." };
const chosen = { kind: "mixed", most: 100 };

const listedOf = (kind) => D.ambiguous.filter((found) => found.listed.includes(kind));
const joins = (found, a, b) => (a === "" || found.pair.includes(Number(a))) && (b === "" || found.pair.includes(Number(b)));

function ambiguousFound() {
  const [a, b, sort] = ["pair-a", "pair-b", "ambiguous-sort"].map((id) => $(id).value);
  const key = {
    score: (found) => -D[chosen.kind][found.row],
    probability: (found) => D.probability[found.row],
    title: (found) => titleOf(found.row).toLowerCase(),
    cluster: (found) => D.cluster[found.row],
  }[sort];
  const compare = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
  return listedOf(chosen.kind).filter((found) => joins(found, a, b)).sort((x, y) => compare(key(x), key(y)) || x.row - y.row);
}

function ambiguousItem(found) {
  const { row } = found, place = el("div", {});
  const details = el("details", {}, el("summary", { text: "Text" }), place);
  details.addEventListener("toggle", async () => { if (details.open && !place.firstChild) place.append(await textPart(row)); });
  return el("li", { "data-row": row },
    el("div", { class: "line" }, opener(row, "plain title"), el("span", { class: "small" }, `${chosen.kind} ${share(D[chosen.kind][row])}, ${share(D.probability[row])} in `, badge(D.cluster[row]),
      ...(D.runner[row] ? [`, ${share(D.runner_up_probability[row])} in `, badge(D.runner[row] - 1)] : []))),
    found.shares.length ? el("div", { class: "explained" }, sharesBar(found.shares), el("span", { class: "small", text: sharesSaid(found.shares, 3) })) : null, el("p", {}, ...reasonParts(found)), pullWords(found),
    chosen.kind === "atypical" && found.unexpected.length ? el("p", {}, ...found.unexpected.map((word) => el("span", { class: "pull" }, el("bdi", { text: word })))) : null,
    D.hasTexts ? details : null);
}

function refreshAmbiguous() {
  const found = ambiguousFound(), shownNow = found.slice(0, chosen.most);
  for (const button of $("kinds").children) button.setAttribute("aria-pressed", button.dataset.kind === chosen.kind);
  $("ambiguous-about").textContent = KINDS[chosen.kind];
  $("matrix-part").hidden = chosen.kind !== "mixed";
  $("ambiguous-count").textContent = `${count(found.length, "document")}${found.length > shownNow.length ? `, the first ${shownNow.length} shown` : ""}.`;
  sayFilters("ambiguous");
  $("ambiguous-list").replaceChildren(...shownNow.map(ambiguousItem));
}

function drawMatrix() {
  const pairs = new Map(), key = (a, b) => a * D.k + b;
  for (const { pair: [a, b] } of listedOf("mixed").filter((found) => found.pair.length === 2)) {
    for (const place of [key(a, b), key(b, a)]) pairs.set(place, (pairs.get(place) ?? 0) + 1);
  }
  const used = D.clusters.map((_, cluster) => cluster).filter((cluster) => [...pairs.keys()].some((place) => Math.floor(place / D.k) === cluster));
  if (!used.length) { $("matrix").replaceChildren(el("p", { class: "note", text: "No document is listed as mixed." })); return; }
  const most = Math.max(...pairs.values());
  const cell = (a, b) => {
    const number = pairs.get(key(a, b));
    if (!number) return el("td", { class: a === b ? "same" : "none" });
    const heat = Math.ceil((4 * number) / Math.max(most, 4));
    return el("td", {}, el("button", { type: "button", class: `heat${heat}`, text: number, "aria-label": `${count(number, "mixed document")} of clusters ${a} and ${b}`, "data-pair": `${a}-${b}`, onclick: () => choosePair(a, b) }));
  };
  $("matrix").replaceChildren(el("table", { class: "matrix" },
    el("thead", {}, el("tr", {}, el("td", { class: "corner" }), ...used.map((b) => el("th", { scope: "col" }, badge(b))))),
    el("tbody", {}, ...used.map((a) => el("tr", {}, el("th", { scope: "row" }, badge(a), " ", el("bdi", { text: D.clusters[a].name })), ...used.map((b) => cell(a, b)))))));
}

function chooseKind(kind) {
  chosen.kind = kind;
  refreshAmbiguous();
}

function choosePair(a, b) {
  chosen.kind = "mixed";
  $("pair-a").value = a;
  $("pair-b").value = b;
  refreshAmbiguous();
  $("ambiguous-count").scrollIntoView({ block: "nearest" });
}

function drawAmbiguous() {
  $("kinds").replaceChildren(...Object.keys(KINDS).map((kind) => el("button", { type: "button", "data-kind": kind, text: `${kind} (${listedOf(kind).length.toLocaleString("en")})`, onclick: () => chooseKind(kind) })));
  for (const id of ["pair-a", "pair-b"]) { options($(id), clusterChoices("any cluster")); $(id).addEventListener("change", refreshAmbiguous); }
  $("ambiguous-sort").addEventListener("change", refreshAmbiguous);
  offerToShowAll("ambiguous", refreshAmbiguous);
  drawMatrix();
  refreshAmbiguous();
}
