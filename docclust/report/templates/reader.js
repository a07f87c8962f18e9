// The dialog: one document, or the documents that hold a word.

let opened = null, openedFrom = null;

// Whoever closes the dialog is where they opened it; in the list of documents that row may have been drawn anew meanwhile.
const backToOpener = () => (openedFrom.isConnected ? openedFrom : $("rows").querySelector(`[data-row="${opened}"] button`))?.focus();

function show(title, ...parts) {
  if (!$("reader").open) openedFrom = document.activeElement;
  const close = el("button", { type: "button", text: "Close", onclick: () => $("reader").close() });
  $("reader-body").replaceChildren(el("div", { class: "head" }, el("h2", { id: "reader-title" }, el("bdi", { text: title })), close), ...parts);
  if (!$("reader").open) $("reader").showModal();
  close.focus(); // what had the focus may be gone with the former content
  $("reader").scrollTop = 0;
}

function pullWords(found) {
  return el("div", {}, ...found.pulls.filter(([, words]) => words.length).map(([cluster, words]) => el("p", {}, badge(cluster), " ",
    ...words.map(([word, nats]) => el("span", { class: `pull k${cluster % COLOURS}` }, el("bdi", { text: word }), el("span", { class: "small", text: ` ${nats.toFixed(1)}` }))))));
}

const kindsSaid = (found) => found.kinds.filter((kind) => kind).join(", ");

function evidence(found) {
  const parts = [el("p", {}, ...reasonParts(found))];
  if (found.pulls.some(([, words]) => words.length)) parts.push(el("h3", { text: "Words that speak for each cluster, and how strongly (in nats)" }), pullWords(found));
  if (found.shares.length) parts.push(el("h3", { text: "How much of its words each cluster explains" }), sharesBar(found.shares),
    el("p", { class: "small", text: sharesSaid(found.shares, found.shares.length) }));
  if (found.unexpected.length) parts.push(el("h3", { text: "Words that are unusual in every cluster" }), el("p", {}, ...found.unexpected.map((word) => el("span", { class: "pull" }, el("bdi", { text: word })))));
  return parts;
}

// What is searched for in the part that is looked at.
const searched = () => [["map", "map-search"], ["documents", "search"]].filter(([part]) => !$(part).hidden).map(([, id]) => $(id).value.trim()).join("");

async function textPart(row) {
  if (!D.hasTexts) return el("p", { class: "note", text: D.meta.text_note });
  const text = await textOf(row);
  if (text === null) return el("p", { class: "note", text: "This document is no longer in the corpus." });
  const found = D.evidence.get(row);
  const part = markedText(text, found ? found.marks : [], found ? found.pulls.map(([cluster]) => cluster) : [], searched());
  if (D.text_lengths[row] > text.length + 1) part.append(el("span", { class: "small", text: ` … cut here; the whole text has ${count(D.text_lengths[row], "character")}.` }));
  return part;
}

async function openDocument(row) {
  opened = row;
  const known = [...(D.ids[row] === titleOf(row) ? [] : [D.ids[row]]), ...(D.label[row] ? [`label ${D.labels[D.label[row] - 1]}`] : [])];
  const slices = pie(row);
  const rows = slices.flatMap(([cluster, part]) => [badge(cluster), el("bdi", { class: "small", text: D.clusters[cluster].name }), bar(part, cluster), el("span", { class: "number", text: shown(part) })]);
  const found = D.evidence.get(row);
  const place = el("div", {});
  show(titleOf(row), el("p", { class: "small" }, ...apart(known)), el("h3", { text: "Probability of each cluster" }),
    el("div", { class: "probabilities", "data-row": row }, ...rows),
    el("p", { class: "small", text: `mixed ${share(D.mixed[row])}, unclear ${share(D.unclear[row])}, atypical ${share(D.atypical[row])}` }),
    ...(found ? evidence(found) : []), el("h3", { text: "Text" }), place);
  const part = await textPart(row);
  if (opened !== row) return;
  place.replaceChildren(part);
  const hit = part.querySelector?.(".hit");
  if (hit) part.scrollTop = hit.offsetTop - part.offsetTop - part.clientHeight / 3;
}

function openWord(word, cluster) {
  opened = null;
  const rows = holders(word), [inside, all] = spread(word, cluster);
  const sides = [["In the cluster", inside, rows.filter((row) => D.cluster[row] === cluster)], ["In other clusters", all - inside, rows.filter((row) => D.cluster[row] !== cluster)]];
  const most = 200;
  const parts = sides.flatMap(([said, number, found]) => [el("h3", { text: `${said}: ${count(number, "document")}` }),
    el("ul", {}, ...found.slice(0, most).map((row) => el("li", { class: "line" }, badge(D.cluster[row]), opener(row), el("span", { class: "small", text: share(D.probability[row]) })))),
    found.length > most ? el("p", { class: "small", text: `The first ${most}${here()} are shown.` }) : found.length < number ? el("p", { class: "small", text: `${found.length.toLocaleString("en")} of them${here()}.` }) : null]);
  show(`“${D.words[word]}”`, el("p", {}, badge(cluster), " ", el("bdi", { text: D.clusters[cluster].name })), ...parts);
}

$("reader").addEventListener("click", (event) => { if (event.target === $("reader")) $("reader").close(); });
$("reader").addEventListener("close", backToOpener);
