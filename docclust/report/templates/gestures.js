// How a plane is moved and pointed at: by mouse, fingers and keys. One finger scrolls the page, as it does elsewhere, unless
// the plane is zoomed in; two fingers zoom it, and what is between them stays there.

const SLOP = { mouse: 3, pen: 6, touch: 10 }; // pixels that a pointer moves in a mere click

function handle(plane) {
  const { canvas } = plane, pointers = new Map();
  let dragged = false;
  const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const length = (a, b) => Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1);
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

  canvas.addEventListener("pointerdown", (event) => {
    dragged = pointers.size > 0;
    pointers.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId), now = place(event);
    if (!before) { plane.point(...now); return; }
    if (!dragged && length(before, now) <= (SLOP[event.pointerType] ?? 3)) return;
    dragged = true;
    pointers.set(event.pointerId, now);
    const other = [...pointers.keys()].find((id) => id !== event.pointerId), still = pointers.get(other);
    if (still) {
      const from = middle(before, still), to = middle(now, still);
      plane.zoom(length(now, still) / length(before, still), ...from);
      plane.move(to[0] - from[0], to[1] - from[1]);
    } else if (event.pointerType !== "touch" || plane.zoomedIn()) plane.move(now[0] - before[0], now[1] - before[1]);
  });
  canvas.addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    const row = dragged ? null : plane.nearest(...place(event));
    if (row !== null) plane.pick(row);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId)); // the page scrolls
  canvas.addEventListener("pointerleave", () => { plane.hint.hidden = true; });
  canvas.addEventListener("touchmove", (event) => { if (event.cancelable && (event.touches.length > 1 || plane.zoomedIn())) event.preventDefault(); }, { passive: false });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); plane.zoom(Math.exp(-event.deltaY / 400), ...place(event)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (act) plane.move(...act);
    else if (event.key === "+" || event.key === "=") plane.zoom(1.3);
    else if (event.key === "-") plane.zoom(1 / 1.3);
    else if (event.key === "0") plane.show(plane.box);
    else return;
    event.preventDefault();
  });
}
