// The parts of the page, each drawn when it is first looked at; the theme; the start.

const PARTS = { overview: null, clusters: drawClusters, map: drawMap, iterations: drawIterations, ambiguous: drawAmbiguous, documents: drawDocuments };
const drawn = new Set();

function draw(part) {
  if (!drawn.has(part)) { drawn.add(part); PARTS[part]?.(); }
}

function go(part) {
  for (const name of Object.keys(PARTS)) $(name).hidden = name !== part;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${part}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // A narrow bar is scrolled to its link, without scrollIntoView: after that the Tab key would begin there.
  const bar = document.querySelector("nav"), here = bar.querySelector("[aria-current]"), middle = here.offsetLeft - bar.offsetLeft + here.offsetWidth / 2;
  bar.scrollLeft = middle - bar.clientWidth / 2;
  if (location.hash !== `#${part}`) history.replaceState(null, "", `#${part}`);
  draw(part);
}

function leadTo(part, kind) {
  draw(part);
  showAll[part]?.();
  if (kind) chooseKind(kind);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "Light" : "Dark";
  for (const plane of planes) plane.refresh();
}

function listen() {
  addEventListener("hashchange", () => { $("reader").close(); const part = location.hash.slice(1); if (part in PARTS) { go(part); scrollTo(0, 0); } });
  let theme;
  addEventListener("beforeprint", () => { draw("clusters"); draw("ambiguous"); theme = document.documentElement.dataset.theme; setTheme("light"); });
  addEventListener("afterprint", () => setTheme(theme));
  $("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  // A tile counts all of a kind, so it leads to all of them.
  for (const tile of document.querySelectorAll(".tile")) tile.addEventListener("click", () => leadTo(tile.hash.slice(1), tile.dataset.kind));
  for (const link of document.querySelectorAll("[data-cluster]")) link.addEventListener("click", (event) => { event.preventDefault(); goToCluster(Number(link.dataset.cluster)); });
}

async function start() {
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  try {
    await unpack();
    listen();
    const part = location.hash.slice(1);
    go(part in PARTS ? part : "overview");
    globalThis.docclust = { data: D, pie, keywordsOf, planes }; // for whoever wants to look further
    document.documentElement.dataset.ready = Math.round(performance.now());
  } catch (error) {
    $("problem").textContent = "This browser could not open the report. Try a current version of Firefox, Chrome, Edge or Safari.";
    $("problem").hidden = false;
    throw error;
  }
}

start();
