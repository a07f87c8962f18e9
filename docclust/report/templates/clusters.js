// The cards of the clusters, and the slider between words that are frequent in a cluster and words that set it apart.

// Half a step of the slider, which stands at the step that is nearest to the balance of the run.
const NEAR = 0.025;

// Sievert & Shirley 2014: balance log weight + (1 - balance) log lift. At the balance of the run its keywords as they are.
function keywordsOf(cluster, balance) {
  const { words, keywords } = D.clusters[cluster];
  if (Math.abs(balance - D.meta.balance) < NEAR) return words.slice(0, keywords);
  const score = ([, weight, lift]) => balance * Math.log(weight) + (1 - balance) * Math.log(lift);
  return [...words].sort((a, b) => score(b) - score(a) || a[0] - b[0]).slice(0, D.meta.keywords);
}

function keywordList(cluster, balance) {
  const best = keywordsOf(cluster, balance);
  const heaviest = Math.max(...best.map(([, weight]) => weight));
  return best.map(([word, weight, lift]) => {
    const [inside, all] = spread(word, cluster);
    const said = `${inside.toLocaleString("en")} in, ${(all - inside).toLocaleString("en")} out`;
    return el("li", {}, el("button", { type: "button", class: "plain", title: `weight ${weight} in this cluster, ${lift} times that in the whole corpus`, onclick: () => openWord(word, cluster) }, el("bdi", { text: D.words[word] })),
      bar(weight / heaviest, cluster), el("span", { class: "small", text: said }));
  });
}

const memberList = (rows) => el("ul", {}, ...rows.map((row) => el("li", { class: "line" }, opener(row), el("span", { class: "small", text: share(D.probability[row]) }))));

function mixedList(rows) {
  return el("ul", {}, ...rows.map((row) => {
    const pair = D.evidence.get(row).pair;
    return el("li", { class: "line" }, opener(row), el("span", { class: "small" }, ...pair.map(badge)));
  }));
}

function card(cluster) {
  const about = D.clusters[cluster];
  return el("article", { class: `card k${cluster % COLOURS}`, id: `cluster-${cluster}`, tabindex: -1 },
    el("h3", { class: "name" }, badge(cluster), el("bdi", { text: about.name })),
    el("p", { class: "small", text: `${count(about.size, "document")}, weight ${shown(about.weight, 3)}` }),
    el("ul", { class: "keywords" }),
    el("h3", { text: "Typical documents" }), memberList(about.representatives),
    ...(about.mixed.length ? [el("h3", { text: "Mixed documents" }), mixedList(about.mixed)] : []),
    ...(about.nearest.length ? [el("h3", { text: "Nearest clusters" }), el("ul", {}, ...about.nearest.map(([other, cosine]) =>
      el("li", { class: "line" }, badge(other), el("button", { type: "button", class: "plain", onclick: () => goToCluster(other) }, el("bdi", { text: D.clusters[other].name })), el("span", { class: "small", text: `cosine ${shown(cosine)}` }))))] : []),
    ...(about.labels.length ? [el("h3", { text: "Known labels" }), el("p", { class: "small" }, ...about.labels.flatMap(([label, number], i) => [i ? ", " : "", el("bdi", { text: label }), ` ${number.toLocaleString("en")}`]))] : []));
}

function refreshKeywords() {
  const balance = Number($("balance").value);
  D.clusters.forEach((_, cluster) => $(`cluster-${cluster}`).querySelector(".keywords").replaceChildren(...keywordList(cluster, balance)));
}

function goToCluster(cluster) {
  if (location.hash !== "#clusters") history.pushState(null, "", "#clusters"); // so that the way back leads here
  go("clusters");
  $(`cluster-${cluster}`).scrollIntoView({ block: "start" });
  $(`cluster-${cluster}`).focus({ preventScroll: true });
}

function drawClusters() {
  $("cards").replaceChildren(...D.clusters.map((_, cluster) => card(cluster)));
  refreshKeywords();
  $("balance").addEventListener("input", refreshKeywords);
}
