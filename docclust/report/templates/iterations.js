// EM as pictures: the same plane at the start, after one, two, ... iterations.

function chart(name, key, steps, log) {
  const values = steps.map((step) => (log ? Math.log10(Math.max(step[key], 1e-300)) : step[key])).map((value) => (Number.isFinite(value) ? value : 0));
  const low = Math.min(...values), high = Math.max(...values), last = Math.max(steps.length - 1, 1);
  const at = (value, i) => `${((100 * i) / last).toFixed(2)} ${(37 - (34 * (value - low)) / (high - low || 1)).toFixed(2)}`;
  const cursor = svg("line", { class: "cursor", y1: 0, y2: 40 });
  const value = el("span", { class: "number" });
  const figure = el("figure", { class: "chart" }, el("figcaption", {}, el("span", { text: name }), value),
    svg("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { class: "curve", d: "M" + values.map(at).join("L") }), cursor));
  const place = (iteration) => {
    const x = ((100 * iteration) / last).toFixed(2);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    const found = steps[iteration][key];
    value.textContent = Number.isInteger(found) ? found.toLocaleString("en") : Number(found.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 });
  };
  return { figure, place };
}

function drawIterations() {
  const frames = D.frames, steps = D.convergence;
  $("iterations-none").hidden = Boolean(frames);
  $("iterations-some").hidden = !frames;
  if (!frames) return;
  const last = frames.iterations.length - 1, m = D.frame_rows.length;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const charts = [chart("objective, nats", "objective", steps), chart("smoothing (logarithmic)", "smoothing", steps, true), chart("documents that changed cluster", "moved", steps), chart("undecided before calibration", "undecided", steps)];
  let frame = 0, shownEllipses = frames.ellipses[0], playing = null, tween = null;

  const slicesAt = (followed) => {
    const from = (frame * m + followed) * D.k, source = D["frame_" + $("frame-shares").value], slices = [];
    for (let c = 0; c < D.k; c++) if (source[from + c]) slices.push([c, source[from + c] / 255]);
    return slices.sort((a, b) => b[1] - a[1]);
  };
  const plane = new Plane($("frame-canvas"), $("frame-hint"), (drawn, colours) => {
    const byCluster = D.clusters.map(() => []), pies = [];
    D.frame_rows.forEach((row, followed) => {
      const place = drawn.at(xOf(row), yOf(row)), slices = slicesAt(followed);
      drawn.targets.push([...place, row]);
      if (slices.length && slices[0][1] >= D.meta.below) byCluster[slices[0][0]].push(place);
      else pies.push([place, slices]);
    });
    shownEllipses.forEach((ellipse, cluster) => drawn.ellipse(cluster, ellipse, colours));
    drawn.points(byCluster, 3.6, colours, 0.9);
    for (const [[px, py], slices] of pies) drawn.slices(px, py, 6.5, slices, colours);
    shownEllipses.forEach((ellipse, cluster) => drawn.number(cluster, ellipse, colours));
  }, openDocument);
  planes.push(plane);
  plane.show(usualBox(frames.ellipses[last]));

  const glide = (to) => {
    cancelAnimationFrame(tween);
    const from = shownEllipses, began = performance.now();
    const step = (now) => {
      const part = calm ? 1 : Math.min((now - began) / 280, 1), eased = part * (2 - part);
      shownEllipses = part === 1 ? to : to.map((ellipse, c) => ellipse.map((number, i) => from[c][i] + eased * (number - from[c][i])));
      plane.refresh();
      if (part < 1) tween = requestAnimationFrame(step);
    };
    step(began);
  };
  const go = (next) => {
    frame = next;
    $("frame").value = next;
    const iteration = frames.iterations[next], step = steps[iteration];
    const said = next === 0 ? ", the start" : next === last ? ", the end" : "";
    const phase = !step.phase || step.phase === "em" ? "" : ` (${step.phase})`;
    $("frame-said").textContent = `Iteration ${iteration + 1} of ${steps.length}${said}${phase}: ${count(step.moved, "document")} changed cluster.`;
    $("frame").setAttribute("aria-valuetext", $("frame-said").textContent);
    for (const { place } of charts) place(iteration);
    glide(frames.ellipses[next]);
  };
  const stop = () => { clearInterval(playing); playing = null; $("play").textContent = "Play"; };
  $("frame").max = last;
  $("frame").addEventListener("input", () => { stop(); go(Number($("frame").value)); });
  $("frame-shares").addEventListener("change", () => plane.refresh());
  $("play").addEventListener("click", () => {
    if (playing) { stop(); return; }
    if (frame === last) go(0);
    $("play").textContent = "Pause";
    playing = setInterval(() => { if (frame < last) go(frame + 1); if (frame >= last) stop(); }, 520);
  });
  $("frame-about").textContent = `The map at each iteration of EM, with ${count(m, "document")}: the listed ambiguous ones as far as there is room, and an even sample of the others. Documents stay in place; their probabilities and the ellipses change. ${steps[0].smoothing > 1.01 * steps.at(-1).smoothing ? "Smoothing begins strong and is then reduced, so at first the clusters are wide and lie together." : ""} ${frames.iterations.length < steps.length ? `${frames.iterations.length} of ${steps.length} iterations are kept.` : ""}`;
  $("frame-charts").replaceChildren(...charts.map(({ figure }) => figure));
  go(last);
}
