// A plane with documents and ellipses on a canvas. What is drawn, its owner says; how it is moved, gestures.js.

const RADIUS = 2; // standard deviations

function ink() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { colours: Array.from({ length: COLOURS }, (_, i) => of(`--p${i}`)), ink: of("--ink"), faint: of("--faint"), card: of("--card"), rest: of("--rest") };
}

function shapePath(path, cluster, x, y, r) {
  switch (SHAPES[cluster % SHAPES.length]) {
    case "circle": path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI); break;
    case "square": path.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r); break;
    case "triangle": path.moveTo(x, y - 1.2 * r); path.lineTo(x + 1.1 * r, y + 0.8 * r); path.lineTo(x - 1.1 * r, y + 0.8 * r); path.closePath(); break;
    case "diamond": path.moveTo(x, y - 1.3 * r); path.lineTo(x + 1.3 * r, y); path.lineTo(x, y + 1.3 * r); path.lineTo(x - 1.3 * r, y); path.closePath(); break;
    default: { const a = 0.45 * r, b = 1.2 * r; path.rect(x - a, y - b, 2 * a, 2 * b); path.rect(x - b, y - a, 2 * b, 2 * a); }
  }
}

class Plane {
  constructor(canvas, hint, draw, pick) {
    Object.assign(this, { canvas, hint, draw, pick, context: canvas.getContext("2d"), targets: [], view: null });
    this.width = this.height = 0;
    new ResizeObserver(() => this.resize()).observe(canvas);
    handle(this);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || (width === this.width && height === this.height && devicePixelRatio === this.ratio)) return;
    Object.assign(this, { width, height, ratio: devicePixelRatio });
    this.canvas.width = width * devicePixelRatio;
    this.canvas.height = height * devicePixelRatio;
    if (!this.view || !this.moved) this.fit();
    this.refresh();
  }

  // The box [left, right, bottom, top] of the plane that is to be seen.
  show(box) { this.box = box; this.moved = false; if (this.width) { this.fit(); this.refresh(); } }

  fit() {
    if (!this.box) return;
    const [left, right, bottom, top] = this.box;
    const scale = 0.9 * Math.min(this.width / Math.max(right - left, 1e-9), this.height / Math.max(top - bottom, 1e-9));
    this.view = { x: (left + right) / 2, y: (bottom + top) / 2, scale };
    this.fitted = scale;
  }

  zoomedIn() { return this.view !== null && this.view.scale > 1.001 * this.fitted; }

  at(x, y) { return [this.width / 2 + (x - this.view.x) * this.view.scale, this.height / 2 - (y - this.view.y) * this.view.scale]; }
  sees(px, py, margin = 20) { return px > -margin && py > -margin && px < this.width + margin && py < this.height + margin; }

  refresh() {
    if (this.waiting || !this.view) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.targets = [];
      this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      this.context.clearRect(0, 0, this.width, this.height);
      this.draw(this, ink());
    });
  }

  ellipse(cluster, [x, y, xx, xy, yy], colours, strong = true) {
    const half = (xx + yy) / 2, root = Math.sqrt(((xx - yy) / 2) ** 2 + xy ** 2);
    const [px, py] = this.at(x, y), scale = RADIUS * this.view.scale, context = this.context;
    const angle = -0.5 * Math.atan2(2 * xy, xx - yy);
    context.beginPath();
    context.ellipse(px, py, scale * Math.sqrt(Math.max(half + root, 0)), scale * Math.sqrt(Math.max(half - root, 0)), angle, 0, 2 * Math.PI);
    context.globalAlpha = strong ? 0.07 : 0.02;
    context.fillStyle = context.strokeStyle = colours.colours[cluster % COLOURS];
    context.fill();
    context.globalAlpha = strong ? 0.95 : 0.25;
    context.lineWidth = strong ? 1.8 : 1;
    context.setLineDash([[], [8, 4], [2, 3], [12, 3, 2, 3]][Math.floor(cluster / HUES) % 4]);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // The number stands on the top of the outline, where it hides no document.
  number(cluster, [x, y, , xy, yy], colours) {
    const up = RADIUS * Math.sqrt(Math.max(yy, 1e-300));
    const [px, py] = this.at(x + (RADIUS * RADIUS * xy) / up, y + up), context = this.context, text = String(cluster);
    context.font = "650 13px system-ui, sans-serif";
    const width = Math.max(context.measureText(text).width + 10, 22);
    context.fillStyle = colours.card;
    context.strokeStyle = colours.colours[cluster % COLOURS];
    context.lineWidth = 2;
    context.beginPath();
    context.roundRect(px - width / 2, py - 11, width, 22, 6);
    context.fill();
    context.stroke();
    context.fillStyle = colours.ink;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, px, py + 1);
  }

  points(byCluster, radius, colours, alpha) {
    this.context.globalAlpha = alpha;
    byCluster.forEach((places, cluster) => {
      const path = new Path2D();
      for (const [px, py] of places) shapePath(path, cluster, px, py, radius);
      this.context.fillStyle = colours.colours[cluster % COLOURS];
      this.context.fill(path);
    });
    this.context.globalAlpha = 1;
  }

  slices(px, py, radius, slices, colours) {
    const context = this.context;
    context.fillStyle = colours.rest;
    context.beginPath();
    context.arc(px, py, radius, 0, 2 * Math.PI);
    context.fill();
    let angle = -Math.PI / 2;
    for (const [cluster, part] of slices) {
      context.fillStyle = colours.colours[cluster % COLOURS];
      context.beginPath();
      context.moveTo(px, py);
      context.arc(px, py, radius, angle, (angle += 2 * Math.PI * part));
      context.fill();
    }
    context.strokeStyle = colours.card;
    context.lineWidth = 1;
    context.beginPath();
    angle = -Math.PI / 2;
    for (const [, part] of slices) {
      context.moveTo(px, py);
      context.lineTo(px + radius * Math.cos(angle), py + radius * Math.sin(angle));
      angle += 2 * Math.PI * part;
    }
    context.moveTo(px + radius, py);
    context.arc(px, py, radius, 0, 2 * Math.PI);
    context.stroke();
  }

  // Around a mixed document, how much of its words each cluster explains.
  ring(px, py, radius, shares, colours) {
    const context = this.context;
    let angle = -Math.PI / 2;
    context.lineWidth = 3;
    for (const [cluster, part] of shares) {
      context.strokeStyle = colours.colours[cluster % COLOURS];
      context.beginPath();
      context.arc(px, py, radius, angle, (angle += 2 * Math.PI * part));
      context.stroke();
    }
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const x = this.view.x + (px - this.width / 2) / this.view.scale, y = this.view.y - (py - this.height / 2) / this.view.scale;
    this.view.scale *= factor;
    this.view.x = x - (px - this.width / 2) / this.view.scale;
    this.view.y = y + (py - this.height / 2) / this.view.scale;
    this.moved = true;
    this.refresh();
  }

  move(dx, dy) { this.view.x -= dx / this.view.scale; this.view.y += dy / this.view.scale; this.moved = true; this.refresh(); }

  nearest(px, py) {
    let best = null, least = 14 ** 2;
    for (const [x, y, row] of this.targets) {
      const square = (x - px) ** 2 + (y - py) ** 2;
      if (square < least) { least = square; best = row; }
    }
    return best;
  }

  point(px, py) {
    const row = this.nearest(px, py);
    this.hint.hidden = row === null;
    this.canvas.style.cursor = row === null ? "grab" : "pointer";
    if (row === null) return;
    this.hint.replaceChildren(el("div", {}, el("bdi", { text: titleOf(row).slice(0, 140) })),
      ...pie(row).slice(0, 4).map(([cluster, part]) => el("div", { class: "small" }, badge(cluster), ` ${shown(part)} `, el("bdi", { text: D.clusters[cluster].name }))));
    // Beside the pointer, and where there is no room, on its other side.
    const { offsetWidth: width, offsetHeight: height } = this.hint;
    const left = px + 14 + width < this.width ? px + 14 : px - 14 - width, top = py + 16 + height < this.height ? py + 16 : py - 12 - height;
    this.hint.style.left = `${Math.max(left, 4)}px`;
    this.hint.style.top = `${Math.max(top, 4)}px`;
  }
}
