// The net of this page at work: what one draws, or a pattern of the data, goes through it, and the
// states of every layer are shown. `make` comes from the plan of the net (sn/export/javascript.py),
// all else that is known of it from the data of the page (sn/page/data.py). No library.
"use strict";

const SN = (() => {
  const about = JSON.parse(document.getElementById("sn-data").textContent);
  const net = make();
  const byId = (id) => document.getElementById(id);
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const floatsOf = (text) => {
    const bytes = bytesOf(text), view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  };
  const frames = about.frames.map((frame) => ({ name: frame.name, weights: floatsOf(frame.weights) }));
  const layers = about.layers.map((layer) => {
    const place = layer.order && new Int32Array(layer.size);
    if (place) layer.order.forEach((unit, at) => (place[unit] = at));
    return { ...layer, place, reach: 1e-6 };
  });
  let weights = frames.length ? frames[frames.length - 1].weights : null;
  let pattern = new Float64Array(about.inputs.count);
  let chosen = null; // the unit whose connections are shown: { layer, unit }

  // ---- units and connections ----

  const placeOf = (layer, unit) => (layer.place ? layer.place[unit] : unit);
  const unitAt = (layer, place) => (layer.order ? layer.order[place] : place);
  const stateOf = (layer, unit) => net.states[layer.first + placeOf(layer, unit)];

  // Every connection into a unit: [layer below or -1 for a constant, its unit, place of the weight].
  const feeds = (index, unit) => {
    const place = placeOf(layers[index], unit), found = [];
    const add = (src, at, weight) => found.push([src, src < 0 ? at : unitAt(layers[src], at), weight]);
    for (const node of about.nodes) {
      if (node.dst !== index) continue;
      if (node.kind === "bias") add(-1, 0, node.offset + Math.floor(place / node.per));
      if (node.kind === "full")
        for (let i = 0; i < node.count; i++) add(node.src, i, node.offset + place * node.count + i);
      if (node.kind === "window" || node.kind === "subsample") {
        const [rows, cols] = node.grid, [high, wide] = node.field, [tall, broad] = node.kernel;
        const map = Math.floor(place / (rows * cols)), inside = place % (rows * cols);
        const r = Math.floor(inside / cols), c = inside % cols;
        node.pairs.forEach(([to, from], p) => {
          if (to !== map) return;
          for (let u = 0; u < tall; u++)
            for (let v = 0; v < broad; v++) {
              let y = r * node.stride[0] + u * node.dilation[0] - node.offsets[0];
              let z = c * node.stride[1] + v * node.dilation[1] - node.offsets[1];
              if (node.wrap[0]) y = ((y % high) + high) % high;
              if (node.wrap[1]) z = ((z % wide) + wide) % wide;
              let tap = node.kind === "subsample" ? p : (p * tall + u) * broad + v;
              if (!node.shared) tap = tap * rows * cols + inside;
              const isOut = y < 0 || y >= high || z < 0 || z >= wide;
              add(isOut ? -1 : node.src, isOut ? 0 : from * high * wide + y * wide + z, node.offset + tap);
            }
        });
      }
      if (node.kind === "rows")
        for (let i = 0; i < node.to.length; i++)
          if (node.to[i] === place) add(node.from[i][0], node.from[i][1], node.offset + i);
    }
    return found;
  };

  // ---- colours ----

  const mix = (from, to, share) => from.map((part, i) => Math.round(part + (to[i] - part) * share));
  const paletteOf = () => {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim().match(/\w\w/g).map((two) => parseInt(two, 16));
    return { zero: read("--zero"), plus: read("--plus"), minus: read("--minus") };
  };
  let palette = paletteOf();
  const colour = (value, reach) => {
    const share = Math.max(-1, Math.min(1, value / reach));
    return mix(palette.zero, share < 0 ? palette.minus : palette.plus, Math.sqrt(Math.abs(share)));
  };
  const grey = (value) => {
    const { low, high } = about.inputs;
    const light = 255 - Math.round((255 * Math.max(0, Math.min(1, (value - low) / (high - low)))));
    return [light, light, light];
  };
  const paint = (canvas, rows, cols, colourAt) => {
    canvas.width = cols;
    canvas.height = rows;
    const context = canvas.getContext("2d"), image = context.createImageData(cols, rows);
    for (let i = 0; i < rows * cols; i++) {
      const shown = colourAt(i);
      image.data.set(shown ? [...shown, 255] : [0, 0, 0, 0], 4 * i);
    }
    context.putImageData(image, 0, 0);
  };

  // ---- pictures that the page has beside ----

  // canvas[data-digit]: a pattern; canvas[data-kernel="offset rows columns"]: weights of a frame.
  const paintAll = () => {
    const [rows, cols] = about.inputs.size || [1, 1];
    for (const canvas of document.querySelectorAll("canvas[data-digit]")) {
      const given = patternAt(Number(canvas.dataset.digit));
      paint(canvas, rows, cols, (i) => grey(given[i]));
    }
    const reaches = new Map(); // of each group of kernels the largest weight
    const kernels = [...document.querySelectorAll("canvas[data-kernel]")].map((canvas) => {
      const [offset, tall, wide] = canvas.dataset.kernel.split(" ").map(Number);
      const frame = frames[canvas.dataset.frame === undefined ? frames.length - 1 : Number(canvas.dataset.frame)];
      const taps = frame.weights.subarray(offset, offset + tall * wide), group = canvas.dataset.group;
      reaches.set(group, Math.max(reaches.get(group) || 1e-9, ...taps.map(Math.abs)));
      return { canvas, tall, wide, taps, group };
    });
    for (const { canvas, tall, wide, taps, group } of kernels)
      paint(canvas, tall, wide, (i) => colour(taps[i], reaches.get(group)));
  };

  // ---- the layers ----

  // Three digits, and all before the point; zeros go only from behind it.
  const number = (value) => {
    const size = Math.abs(value), text = size >= 999.5 && size < 1e7 ? String(Math.round(value)) : value.toPrecision(3);
    return (size === 0 ? "0" : text).replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
  };
  const nameOf = (index, unit) => {
    const layer = layers[index], [, rows, cols] = layer.maps, inside = unit % (rows * cols);
    const parts = [layer.name];
    if (layer.shape.length === 1) return `${layer.name}, unit ${unit}`;
    if (layer.maps[0] > 1) parts.push(`map ${Math.floor(unit / (rows * cols))}`);
    if (rows > 1) parts.push(`row ${Math.floor(inside / cols)}`, `column ${inside % cols}`);
    else if (cols > 1) parts.push(`unit ${inside}`);
    return parts.join(", ");
  };

  const views = []; // of each layer its pictures: { button, canvas, first unit, rows, cols }
  const build = () => {
    const place = byId("layers");
    layers.forEach((layer, index) => {
      const [maps, rows, cols] = layer.maps, block = document.createElement("section");
      block.className = "layer";
      const head = document.createElement("h3");
      head.textContent = `${layer.name}: ${layer.shape.join(" × ")}`;
      const list = document.createElement("div");
      list.className = "maps";
      const pictures = [], most = Math.min(maps, about.most);
      for (let map = 0; map < most; map++) {
        const button = document.createElement("button"), canvas = document.createElement("canvas");
        button.type = "button";
        button.className = "map";
        button.title = maps > 1 ? `${layer.name}, map ${map}` : layer.name;
        button.setAttribute("aria-label", `${button.title}: show what feeds it`);
        const cell = Math.max(3, Math.min(rows > 1 ? 14 : 18, Math.floor((index ? 84 : 150) / Math.max(rows, cols / (layer.shape.length > 1 && rows > 1 ? 1 : 6)))));
        canvas.style.width = `${cols * cell}px`;
        canvas.style.height = `${rows * cell}px`;
        button.append(canvas);
        button.addEventListener("click", (event) => {
          const box = canvas.getBoundingClientRect(), isPointed = event.detail > 0;
          const at = (position, size, count) => Math.max(0, Math.min(count - 1, Math.floor((position / size) * count)));
          const r = isPointed ? at(event.clientY - box.top, box.height, rows) : Math.floor(rows / 2);
          const c = isPointed ? at(event.clientX - box.left, box.width, cols) : Math.floor(cols / 2);
          choose(index, Math.min(layer.size - 1, map * rows * cols + r * cols + c));
        });
        if (cols * rows > 1) button.addEventListener("keydown", (event) => walk(event, index, map, rows, cols));
        list.append(button);
        pictures.push({ button, canvas, first: map * rows * cols, rows, cols });
      }
      block.append(head, list);
      if (most < maps) {
        const more = document.createElement("p");
        more.className = "note";
        more.textContent = `and ${maps - most} maps more`;
        block.append(more);
      }
      place.append(block);
      views.push(pictures);
    });
  };
  const walk = (event, index, map, rows, cols) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || !chosen || chosen.layer !== index) return;
    const inside = chosen.unit % (rows * cols);
    const r = Math.floor(inside / cols) + step[0], c = (inside % cols) + step[1];
    if (r < 0 || r >= rows || c < 0 || c >= cols) return;
    event.preventDefault();
    choose(index, map * rows * cols + r * cols + c);
  };
  const show = () => {
    layers.forEach((layer, index) => {
      for (let u = 0; u < layer.size; u++) layer.reach = Math.max(layer.reach, Math.abs(stateOf(layer, u)));
      for (const one of views[index])
        paint(one.canvas, one.rows, one.cols, (i) => {
          if (one.first + i >= layer.size) return null;
          const value = stateOf(layer, one.first + i);
          return layer.isPicture ? grey(value) : colour(value, layer.reach);
        });
    });
    showAnswers();
    showChosen();
  };

  // ---- what a unit sees ----

  const choose = (layer, unit) => {
    chosen = { layer, unit };
    showChosen();
  };
  const showChosen = () => {
    for (const pictures of views)
      for (const one of pictures) {
        one.button.classList.remove("feeds", "chosen");
        for (const old of one.button.querySelectorAll(".frame")) old.remove();
      }
    const place = byId("unit");
    if (!chosen || !place) return;
    const layer = layers[chosen.layer], found = feeds(chosen.layer, chosen.unit);
    const per = layer.maps[1] * layer.maps[2];
    const own = views[chosen.layer][Math.floor(chosen.unit / per)];
    if (own) {
      own.button.classList.add("chosen");
      frame(own, chosen.unit % per, chosen.unit % per);
    }
    place.replaceChildren();
    const head = document.createElement("p");
    const sum = found.length ? `, from ${found.length.toLocaleString("en")} connections` : "";
    head.textContent = `${nameOf(chosen.layer, chosen.unit)}: state ${number(stateOf(layer, chosen.unit))}${sum}`;
    place.append(head);
    const seen = new Map(); // of each map below: which of its units, with the weight
    let most = 1e-9, fixed = 0;
    for (const [src, unit, at] of found) {
      if (src < 0) {
        fixed += 1;
        continue;
      }
      const size = layers[src].maps[1] * layers[src].maps[2], key = `${src} ${Math.floor(unit / size)}`;
      if (!seen.has(key)) seen.set(key, []);
      seen.get(key).push([unit % size, weights[at]]);
      most = Math.max(most, Math.abs(weights[at]));
    }
    const list = document.createElement("div");
    list.className = "kernels";
    for (const [key, taps] of seen) {
      const [src, map] = key.split(" ").map(Number), below = layers[src], cols = below.maps[2];
      const rows = taps.map(([at]) => Math.floor(at / cols)), columns = taps.map(([at]) => at % cols);
      const top = Math.min(...rows), left = Math.min(...columns);
      const tall = Math.max(...rows) - top + 1, wide = Math.max(...columns) - left + 1;
      const picture = views[src][map];
      if (picture) {
        picture.button.classList.add("feeds");
        frame(picture, top * cols + left, (top + tall - 1) * cols + left + wide - 1);
      }
      if (list.children.length >= 64) continue;
      const cells = new Map(taps.map(([at, weight]) => [(Math.floor(at / cols) - top) * wide + (at % cols) - left, weight]));
      const item = document.createElement("figure"), canvas = document.createElement("canvas"), words = document.createElement("figcaption");
      const cell = Math.max(3, Math.min(11, Math.floor(120 / Math.max(tall, wide))));
      canvas.style.width = `${wide * cell}px`;
      canvas.style.height = `${tall * cell}px`;
      paint(canvas, tall, wide, (i) => (cells.has(i) ? colour(cells.get(i), most) : null));
      words.textContent = below.maps[0] > 1 ? `${below.name} ${map}` : below.name;
      item.append(canvas, words);
      list.append(item);
    }
    place.append(list);
    if (found.length) {
      const note = document.createElement("p");
      note.className = "note";
      note.textContent = `Weights from −${number(most)} to ${number(most)}` + (fixed ? `; of the connections ${fixed} from constants, such as the bias and the border.` : ".");
      place.append(note);
    }
  };
  const frame = (one, from, to) => {
    const mark = document.createElement("span"), percent = (part, whole) => `${(100 * part) / whole}%`;
    const r = Math.floor(from / one.cols), c = from % one.cols;
    mark.className = "frame";
    mark.style.top = percent(r, one.rows);
    mark.style.left = percent(c, one.cols);
    mark.style.height = percent(Math.floor(to / one.cols) - r + 1, one.rows);
    mark.style.width = percent((to % one.cols) - c + 1, one.cols);
    one.button.append(mark);
  };

  // ---- the answer ----

  const MOST_ANSWERS = 40; // outputs with a bar; the answer is that of all

  const answers = () => {
    const given = Array.from(outputs);
    if (about.share === "softmax") {
      const most = Math.max(...given), powers = given.map((y) => Math.exp(y - most));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }
    return about.share === "logistic" ? given.map((y) => 1 / (1 + Math.exp(-y))) : given;
  };
  let outputs = [];
  const showAnswers = () => {
    const found = answers(), [low, high] = about.targets, best = found.indexOf(Math.max(...found));
    const rows = byId("answers").children;
    found.slice(0, MOST_ANSWERS).forEach((value, i) => {
      const share = Math.max(0, Math.min(1, (value - low) / (high - low)));
      rows[i].querySelector("meter").value = share;
      rows[i].querySelector("output").textContent = number(value).replace("-", "−");
      rows[i].classList.toggle("best", about.isClasses && i === best);
    });
    const answer = byId("answer");
    if (about.isClasses && found.length > 1) {
      const sorted = [...found].sort((a, b) => b - a);
      answer.textContent = about.classes[best];
      byId("sure").textContent = `ahead of the next by ${number(sorted[0] - sorted[1])}`;
    }
  };
  const buildAnswers = () => {
    about.classes.slice(0, MOST_ANSWERS).forEach((name) => {
      const row = document.createElement("li"), label = document.createElement("span");
      const bar = document.createElement("meter"), value = document.createElement("output");
      label.textContent = name;
      bar.setAttribute("aria-label", name);
      row.append(label, bar, value);
      byId("answers").append(row);
    });
  };

  // ---- patterns ----

  const run = () => {
    outputs = net.run(pattern, weights);
    show();
  };
  // A pattern as the net takes it, with what it is called.
  const send = (given, words) => {
    pattern = Float64Array.from(given);
    byId("shown").textContent = words;
    run();
    document.dispatchEvent(new CustomEvent("sn-pattern", { detail: { pattern } }));
  };
  let stored = null;
  const patternAt = (index) => {
    const { size, low, high, data, values } = about.patterns;
    stored = stored || (values ? floatsOf(values) : bytesOf(data));
    if (values) return Array.from(stored.subarray(index * size, (index + 1) * size));
    const step = (high - low) / 255;
    return Array.from(stored.subarray(index * size, (index + 1) * size), (level) => low + level * step);
  };
  const sendPattern = (index) => {
    const label = about.patterns.labels[index];
    send(patternAt(index), `${about.patterns.name} ${about.patterns.numbers[index]}` + (label === null ? "" : `, a ${label}`));
    byId("pattern").value = index;
  };

  const start = () => {
    build();
    buildAnswers();
    const slider = byId("passes");
    if (slider) {
      slider.addEventListener("input", () => {
        weights = frames[slider.value].weights;
        byId("pass").textContent = frames[slider.value].name;
        for (const layer of layers) layer.reach = 1e-6;
        run();
      });
    }
    const picker = byId("pattern");
    if (picker) {
      picker.addEventListener("input", () => sendPattern(Number(picker.value)));
      byId("before").addEventListener("click", () => sendPattern((Number(picker.value) + about.patterns.labels.length - 1) % about.patterns.labels.length));
      byId("next").addEventListener("click", () => sendPattern((Number(picker.value) + 1) % about.patterns.labels.length));
    }
    for (const button of document.querySelectorAll("[data-pattern]"))
      button.addEventListener("click", () => {
        sendPattern(Number(button.dataset.pattern));
        byId("play").scrollIntoView({ behavior: "smooth" });
      });
    for (const button of document.querySelectorAll("[data-unit]"))
      button.addEventListener("click", () => {
        choose(...button.dataset.unit.split(" ").map(Number));
        byId("play").scrollIntoView({ behavior: "smooth" });
      });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      palette = paletteOf();
      show();
      paintAll();
    });
    if (picker) sendPattern(0);
    // without a pattern what the sheet or the fields say goes through
    else if (!document.dispatchEvent(new CustomEvent("sn-start", { cancelable: true }))) return;
    else run();
  };
  return { about, start, number, paintAll, send, sendPattern, choose, feeds, answers, layers, outputs: () => outputs, pattern: () => pattern };
})();
