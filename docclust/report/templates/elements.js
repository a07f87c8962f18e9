// Elements and small drawings. Whatever comes from a corpus becomes text and never HTML.

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = 21, HUES = 7;
const SHAPES = ["circle", "square", "triangle", "diamond", "cross"];
const $ = (id) => document.getElementById(id);

function build(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
const el = (tag, properties = {}, ...children) => build(document.createElement(tag), properties, children);
const svg = (tag, properties = {}, ...children) => build(document.createElementNS(SVG, tag), properties, children);

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// Rounded for people; reads 0 or 1 only when it is exactly that.
function shown(value, digits = 2) {
  if (value === null || Number.isNaN(value)) return "-";
  if (value === 0 || value === 1) return String(value);
  const text = value.toFixed(digits);
  if (Number(text) === 0) return `${value > 0 ? "<" : ">-"}${(10 ** -digits).toFixed(digits)}`;
  return Number(text) === 1 && value < 1 ? ">" + (1 - 10 ** -digits).toFixed(digits) : text;
}
const share = (whole) => shown(whole / FULL);

const badge = (cluster) => el("span", { class: `badge k${cluster % COLOURS}`, text: cluster, title: `cluster ${cluster}: ${D.clusters[cluster].name}` });
const clusterName = (cluster) => `${cluster}  ${D.clusters[cluster].name}`;
const bar = (part, cluster) => svg("svg", { class: `bar k${cluster % COLOURS}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
  svg("rect", { width: Math.max(100 * part, part > 0 ? 1 : 0).toFixed(2), height: 8 }));

const sharesSaid = (slices, most) => slices.slice(0, most).map(([cluster, part]) => `${shown(part)} by ${cluster}`).join(", ") + (slices.length > most ? ", ..." : "");

function sharesBar(slices) {
  const said = `Explained: ${sharesSaid(slices, slices.length)}`;
  const drawn = svg("svg", { class: "shares", viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": said });
  let left = 0;
  for (const [cluster, part] of slices) {
    drawn.append(svg("rect", { class: `k${cluster % COLOURS}`, x: (100 * left).toFixed(2), width: (100 * part).toFixed(2), height: 8 }));
    left += part;
  }
  if (left < 0.995) drawn.append(svg("rect", { class: "rest", x: (100 * left).toFixed(2), width: (100 * (1 - left)).toFixed(2), height: 8 }));
  return drawn;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); // in a pattern

// Words of a corpus one by one, each in its own direction of writing, so that none turns the sentence around it.
const apart = (words, between = ", ") => words.flatMap((word, i) => [i ? between : "", el("bdi", { text: word })]);

// The sentence on a document, with its words, which are in quotes, and the names of clusters, after their shares, apart.
function reasonParts(found) {
  const any = (texts) => [...new Set(texts)].sort((a, b) => b.length - a.length).map(escaped).join("|");
  const words = any([...found.pulls.flatMap(([, pulling]) => pulling.map(([word]) => word)), ...found.unexpected]);
  const names = any(found.pulls.map(([cluster]) => D.clusters[cluster].name));
  const pattern = new RegExp(`((?<=')(?:${words})(?=')|(?<=% )(?:${names}))`, "u");
  return found.reason.split(pattern).map((part, i) => (i % 2 ? el("bdi", { text: part }) : part));
}

const opener = (row, classes = "plain") => el("button", { type: "button", class: classes, dir: "auto", onclick: () => openDocument(row) }, el("bdi", { text: titleOf(row) || "(no title)" }));

function options(select, choices) {
  select.replaceChildren(...choices.map(([value, text]) => el("option", { value, text })));
}
const clusterChoices = (any) => [["", any], ...D.clusters.map((cluster, id) => [id, clusterName(id)])];

const later = (wait, act) => {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), wait); };
};

// Where a text holds what is searched for: start, end, start, end ...
function hitsIn(text, wanted) {
  if (!wanted) return [];
  const pattern = new RegExp(escaped(wanted), "giu");
  return [...text.matchAll(pattern)].flatMap((hit) => [hit.index, hit.index + hit[0].length]);
}

// A text in pieces: those of `marks` (start, end, side) in the colour of their cluster, and what was searched for.
function markedText(text, marks, clusters, wanted) {
  const hits = hitsIn(text, wanted), parts = [];
  const cuts = [...new Set([0, text.length, ...marks.filter((_, i) => i % 3 < 2), ...hits])].sort((a, b) => a - b);
  for (let i = 0, mark = 0, hit = 0; i + 1 < cuts.length; i++) {
    const start = cuts[i], piece = text.slice(start, cuts[i + 1]);
    while (mark < marks.length && marks[mark + 1] <= start) mark += 3;
    while (hit < hits.length && hits[hit + 1] <= start) hit += 2;
    const side = marks[mark] <= start ? marks[mark + 2] : null, found = hits[hit] <= start;
    const pulls = side === null ? {} : { class: `k${clusters[side] % COLOURS} side${side}`, title: `speaks for cluster ${clusters[side]}` };
    parts.push(side !== null || found ? el("mark", { ...pulls, class: [pulls.class, found ? "hit" : ""].filter(Boolean).join(" "), text: piece }) : piece);
  }
  return el("div", { class: "text", dir: "auto", tabindex: 0, role: "group", "aria-label": "Text" }, ...parts);
}
