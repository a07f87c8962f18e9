// What the page holds -> D: numbers as typed arrays, lists as they were, texts on demand.

const FULL = 65535;
const D = {};

const parsed = (name) => JSON.parse(document.getElementById("data-" + name).textContent);

async function inflated(base64) {
  const characters = atob(base64), packed = new Uint8Array(characters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = characters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function unpackNumbers({ header, data }) {
  const bytes = await inflated(data);
  let offset = 0;
  for (const [name, length, width] of header) {
    const numbers = width === 1 ? new Uint8Array(length) : width === 2 ? new Uint16Array(length) : new Uint32Array(length);
    for (let plane = 0; plane < width; plane++) {
      const shift = 2 ** (8 * plane);
      for (let i = 0; i < length; i++) numbers[i] += bytes[offset + i] * shift;
      offset += length;
    }
    D[name] = numbers;
  }
}

const starts = (lengths) => {
  const found = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, i) => { found[i + 1] = found[i] + length; });
  return found;
};

async function unpack() {
  D.meta = parsed("meta");
  const [lists] = await Promise.all([inflated(parsed("lists")), unpackNumbers(parsed("numbers"))]);
  Object.assign(D, JSON.parse(new TextDecoder().decode(lists)));
  D.n = D.ids.length;
  D.k = D.meta.clusters;
  D.wordStarts = starts(D.word_lengths);
  D.pieStarts = starts(D.pie_lengths);
  D.evidence = new Map(D.ambiguous.map((found) => [found.row, found]));
  D.hasTexts = document.getElementById("data-texts") !== null;
}

// Whether the page holds a part of the documents; what is said of those it holds then says so.
const isPart = () => D.n < D.meta.documents;
const here = () => (isPart() ? " in this page" : "");

// Rows of the documents that hold a word.
function holders(word) {
  const rows = [];
  for (let i = D.wordStarts[word], row = 0; i < D.wordStarts[word + 1]; i++) rows.push((row += D.word_rows[i]));
  return rows;
}

// How many documents of a cluster, and of the whole corpus, hold a word of its own: told, where the page cannot count them.
function spread(word, cluster) {
  if (isPart()) return D.clusters[cluster].words.find(([candidate]) => candidate === word).slice(3);
  const rows = holders(word);
  return [rows.filter((row) => D.cluster[row] === cluster).length, rows.length];
}

// Clusters and shares of an undecided or listed document; of any other its two largest.
function pie(row) {
  const slices = [];
  for (let i = D.pieStarts[row]; i < D.pieStarts[row + 1]; i++) slices.push([D.pie_clusters[i], D.pie_shares[i] / FULL]);
  if (!slices.length) {
    slices.push([D.cluster[row], D.probability[row] / FULL]);
    if (D.runner[row]) slices.push([D.runner[row] - 1, D.runner_up_probability[row] / FULL]);
  }
  return slices;
}

const undecided = (row) => D.probability[row] < D.meta.below * FULL;
// Others are explained too: those that only their cluster names as mixed.
const isListed = (row) => Boolean(D.evidence.get(row)?.listed.length);
const titleOf = (row) => D.titles[row] || D.ids[row];

const blocks = { inflated: new Map() };

async function textBlock(place) {
  blocks.data ??= parsed("texts");
  if (!blocks.inflated.has(place)) {
    const bytes = await inflated(blocks.data.blocks[place]);
    blocks.inflated.set(place, new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\0"));
  }
  return blocks.inflated.get(place);
}

async function textOf(row) {
  if (!D.hasTexts) return null;
  blocks.data ??= parsed("texts");
  const { firsts } = blocks.data;
  let place = 0;
  while (firsts[place + 1] <= row) place++;
  const text = (await textBlock(place))[row - firsts[place]];
  return text === "\uffff" ? null : text;
}
