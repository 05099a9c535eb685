// Drawing: strokes of a mouse, a finger, a pen or the arrow keys become a picture as the net knows
// them. Strokes are kept as lines, so that what the data set did to its pictures (fit into a box,
// centre, one width of pen, blur) is done to lines, not to dots.
"use strict";

const Draw = (() => {
  const sheet = document.getElementById("sheet");
  if (!sheet) return null;
  const about = SN.about.inputs, [rows, cols] = about.size;
  const SIDE = 280, FINE = 4; // units of the sheet; points of the fine picture to each of the net's
  let strokes = [];
  let pen = null; // the stroke that is being drawn
  let pointer = null; // the mouse, finger or pen that draws it; a second finger draws nothing
  let cursor = [SIDE / 2, SIDE / 2];
  const context = sheet.getContext("2d");
  const isOn = (id) => document.getElementById(id).checked;

  const points = () => strokes.flat();
  const redraw = () => {
    context.clearRect(0, 0, SIDE, SIDE);
    context.lineWidth = 16;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#000";
    for (const stroke of strokes) line(context, stroke, 1, 0, 0);
    if (document.activeElement === sheet) {
      context.strokeStyle = "#d55e00";
      context.lineWidth = 2;
      context.strokeRect(cursor[0] - 6, cursor[1] - 6, 12, 12);
    }
  };
  const line = (on, stroke, scale, x, y) => {
    on.beginPath();
    stroke.forEach(([px, py], i) => on[i ? "lineTo" : "moveTo"](px * scale + x, py * scale + y));
    if (stroke.length === 1) on.lineTo(stroke[0][0] * scale + x + 0.01, stroke[0][1] * scale + y);
    on.stroke();
  };

  // The strokes as a picture of rows x cols numbers from 0, paper, to 1, ink.
  const picture = () => {
    const all = points(), wide = cols * FINE, high = rows * FINE;
    const fine = document.createElement("canvas");
    fine.width = wide;
    fine.height = high;
    const on = fine.getContext("2d", { willReadFrequently: true });
    on.lineCap = on.lineJoin = "round";
    on.strokeStyle = "#000";
    let scale = Math.min(wide, high) / SIDE, x = (wide - SIDE * scale) / 2, y = (high - SIDE * scale) / 2;
    let width = 16 * scale;
    if (all.length && isOn("fit")) {
      const xs = all.map((p) => p[0]), ys = all.map((p) => p[1]);
      const left = Math.min(...xs), right = Math.max(...xs), top = Math.min(...ys), bottom = Math.max(...ys);
      width = about.pen * FINE;
      const room = Math.max(1, about.box * FINE - width);
      scale = room / Math.max(right - left, bottom - top, SIDE / 20);
      x = wide / 2 - ((left + right) / 2) * scale;
      y = high / 2 - ((top + bottom) / 2) * scale;
    }
    const render = () => {
      on.clearRect(0, 0, wide, high);
      on.lineWidth = width;
      for (const stroke of strokes) line(on, stroke, scale, x, y);
      return on.getImageData(0, 0, wide, high).data;
    };
    let dots = render();
    if (all.length && isOn("centre")) {
      let sum = 0, across = 0, down = 0;
      for (let i = 0; i < wide * high; i++) {
        const ink = dots[4 * i + 3];
        sum += ink;
        across += ink * (i % wide);
        down += ink * Math.floor(i / wide);
      }
      x += (wide - 1) / 2 - across / sum;
      y += (high - 1) / 2 - down / sum;
      dots = render();
    }
    const found = new Float64Array(rows * cols);
    for (let i = 0; i < wide * high; i++) {
      const r = Math.floor(Math.floor(i / wide) / FINE), c = Math.floor((i % wide) / FINE);
      found[r * cols + c] += dots[4 * i + 3] / (255 * FINE * FINE);
    }
    return isOn("blur") ? blurred(found) : found;
  };
  const blurred = (given) => {
    const pass = (from, step, count, at) => from.map((v, i) => {
      const place = at(i), before = place > 0 ? from[i - step] : 0, after = place < count - 1 ? from[i + step] : 0;
      return 0.125 * before + 0.75 * v + 0.125 * after;
    });
    return pass(pass(given, 1, cols, (i) => i % cols), cols, rows, (i) => Math.floor(i / cols));
  };
  const tell = () => {
    const { low, high } = about;
    SN.send(Array.from(picture(), (ink) => low + (high - low) * Math.min(1, ink)), strokes.length ? "what you drew" : "an empty picture");
  };
  let isWaiting = false;
  const changed = () => {
    redraw();
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      tell();
    });
  };
  const placeOf = (event) => {
    const box = sheet.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };

  const clear = () => {
    strokes = [];
    pen = null;
    changed();
  };
  const undo = () => {
    strokes.pop();
    changed();
  };
  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (event.button > 0 || pointer !== null) return;
    pointer = event.pointerId;
    sheet.focus({ preventScroll: true });
    sheet.setPointerCapture(event.pointerId);
    pen = [placeOf(event)];
    strokes.push(pen);
    changed();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!pen || event.pointerId !== pointer) return;
    for (const part of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) pen.push(placeOf(part));
    changed();
  });
  for (const name of ["pointerup", "pointercancel"])
    sheet.addEventListener(name, (event) => {
      if (event.pointerId === pointer) pen = pointer = null;
    });
  sheet.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === " ") {
      event.preventDefault();
      if (pen) pen = null;
      else strokes.push((pen = [[...cursor]]));
      changed();
    } else if (event.key === "Escape" || event.key === "Delete") clear();
    else if (event.key === "Backspace") undo();
    else if (step) {
      event.preventDefault();
      cursor = cursor.map((at, i) => Math.max(0, Math.min(SIDE, at + 8 * step[i])));
      if (pen) pen.push([...cursor]);
      changed();
    }
  });
  sheet.addEventListener("focus", redraw);
  sheet.addEventListener("blur", redraw);
  document.getElementById("clear").addEventListener("click", clear);
  document.getElementById("undo").addEventListener("click", undo);
  for (const id of ["fit", "centre", "blur"]) document.getElementById(id).addEventListener("change", changed);

  document.addEventListener("sn-start", (event) => {
    event.preventDefault();
    tell();
  });

  // Strokes from elsewhere, such as a test: lists of [x, y] from 0 to 280.
  const set = (given) => {
    strokes = given.map((stroke) => stroke.map((point) => [...point]));
    redraw();
    tell();
    return SN.outputs();
  };
  return { set, clear };
})();
