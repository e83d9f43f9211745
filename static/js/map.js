// The map of a collection: points drawn by deck.gl, names of topics over them, and what mouse, keys and the form do.
"use strict";

(() => {
  const box = document.getElementById("map");
  const form = document.getElementById("map-form");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const OTHER = { light: [150, 150, 145], dark: [120, 125, 130] };
  const PALETTE = {
    light: [[15, 111, 104], [199, 84, 20], [76, 84, 180], [170, 38, 100], [120, 120, 10], [20, 125, 190], [130, 80, 40], [60, 140, 50], [150, 60, 190], [200, 40, 40], [70, 90, 100]],
    dark: [[111, 202, 191], [245, 158, 100], [150, 160, 250], [240, 130, 185], [215, 210, 90], [110, 195, 250], [215, 170, 130], [140, 215, 125], [205, 150, 250], [250, 130, 130], [170, 190, 200]],
  };
  const FINE_FROM = 1.6; // zoom beyond the whole map from which on fine topics are named
  const MOST_LABELS = 60;
  const MOST_FOR_ACTION = 900;
  const SAMPLE = 4000; // points that stand for all while a slow map is moved
  const SLOW = 60; // milliseconds of a frame
  const RESTS = 250; // milliseconds after which a movement has ended
  let data = null;
  let state = null;
  let whole = null;
  let lit = null;
  let hovered = -1;
  let line = null;
  let deckgl = null;
  let moving = 0; // the timer of the movement's end
  let isSlow = false;

  const theme = () => (dark.matches ? "dark" : "light");
  const colourOf = (name) => (name ? PALETTE[theme()][(name - 1) % 11] : OTHER[theme()]);
  const text = (tag, content, className) => {
    const element = document.createElement(tag);
    element.textContent = content;
    if (className) element.className = className;
    return element;
  };

  async function ask(path, options) {
    const response = await fetch(path, { credentials: "same-origin", ...options });
    if (!response.ok) throw new Error(`${response.status}`);
    return response;
  }

  function unpack(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const start = 4 + length;
    const places = new Float32Array(buffer, start, 2 * head.count);
    const ids = new Uint32Array(buffer, start + 8 * head.count, head.count);
    const classes = new Uint16Array(buffer, start + 12 * head.count, head.count);
    return { ...head, places, ids, classes };
  }

  function paint() {
    const colours = new Uint8Array(4 * data.count);
    const radii = new Float32Array(data.count);
    for (let n = 0; n < data.count; n += 1) {
      const [red, green, blue] = colourOf(data.classes[n]);
      const isLit = lit === null || lit.has(data.ids[n] + data.first);
      colours.set([red, green, blue, isLit ? (lit === null ? 190 : 255) : 28], 4 * n);
      radii[n] = isLit && lit !== null ? 5 : data.count > 20000 ? 1.6 : 3;
    }
    data.drawn = {
      length: data.count,
      attributes: {
        getPosition: { value: data.places, size: 2 },
        getFillColor: { value: colours, size: 4, normalized: true },
        getRadius: { value: radii, size: 1 },
      },
    };
    data.sample = sampled(data.drawn);
    draw();
    legend();
  }

  // Some of the points, spread evenly over all.
  function sampled(drawn) {
    const step = Math.max(Math.ceil(drawn.length / SAMPLE), 1);
    const length = Math.ceil(drawn.length / step);
    const attributes = {};
    for (const [name, { value, ...rest }] of Object.entries(drawn.attributes)) {
      const some = new value.constructor(length * rest.size);
      for (let n = 0; n < length; n += 1) some.set(value.subarray(n * step * rest.size, (n * step + 1) * rest.size), n * rest.size);
      attributes[name] = { value: some, ...rest };
    }
    return { length, attributes };
  }

  // While the map is moved on a machine that takes long to draw it, some of the points stand for all.
  function layers() {
    const isSample = moving !== 0 && isSlow;
    const points = { radiusUnits: "pixels", radiusMinPixels: 1, stroked: false };
    return [
      new deck.ScatterplotLayer({
        ...points, id: "items", data: data.drawn, visible: !isSample, pickable: !isSample,
        autoHighlight: true, highlightColor: dark.matches ? [255, 255, 255, 255] : [0, 0, 0, 255],
      }),
      new deck.ScatterplotLayer({ ...points, id: "sample", data: data.sample, visible: isSample }),
    ];
  }

  function moved() {
    const began = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (performance.now() - began > SLOW) isSlow = true;
    }));
    clearTimeout(moving);
    moving = setTimeout(() => {
      moving = 0;
      draw();
    }, RESTS);
    draw();
  }

  function draw() {
    deckgl.setProps({ layers: layers(), viewState: state, controller: line === null });
    labels();
  }

  function legend() {
    const list = document.getElementById("map-legend");
    const named = data.legend.reduce((sum, entry) => sum + entry.count, 0);
    const entries = data.legend.map((entry, n) => [n + 1, entry.name, entry.count]);
    if (named < data.count) entries.push([0, "other or none", data.count - named]);
    list.replaceChildren(...entries.map(([name, words, count]) => {
      const entry = document.createElement("li");
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      for (const [attribute, value] of [["cx", "50%"], ["cy", "50%"], ["r", "45%"], ["fill", `rgb(${colourOf(name).join()})`]]) dot.setAttribute(attribute, value);
      mark.append(dot);
      entry.append(mark, ` ${words} `, text("span", count.toLocaleString("en"), "quiet"));
      return entry;
    }));
    if (data.count < data.total) list.append(text("li", `A sample of ${data.count.toLocaleString("en")} of ${data.total.toLocaleString("en")} items.`, "quiet"));
  }

  const viewport = () => new deck.OrthographicView({ flipY: false }).makeViewport({ width: box.clientWidth, height: box.clientHeight, viewState: state });

  // Names that do not cover one another: coarse topics first, fine ones once one is near enough.
  function labels() {
    const view = viewport();
    const taken = [];
    const shown = [];
    for (const label of data.labels) {
      if (shown.length === MOST_LABELS) break;
      if (label.level === 1 && state.zoom < whole.zoom + FINE_FROM) continue;
      const [x, y] = view.project([label.x, label.y, 0]);
      const width = (label.level ? 6.2 : 7.4) * label.name.length;
      const place = [x - width / 2, y - 9, x + width / 2, y + 9];
      if (place[0] < 0 || place[1] < 0 || place[2] > box.clientWidth || place[3] > box.clientHeight) continue;
      if (taken.some((other) => place[0] < other[2] && other[0] < place[2] && place[1] < other[3] && other[1] < place[3])) continue;
      taken.push(place);
      shown.push([label, place]);
    }
    const holder = document.getElementById("map-labels");
    while (holder.children.length < shown.length) {
      const link = document.createElement("a");
      link.tabIndex = -1; // the same topics are links in the list below
      holder.append(link);
    }
    [...holder.children].forEach((link, n) => {
      link.hidden = n >= shown.length;
      if (link.hidden) return;
      const [label, place] = shown[n];
      if (link.textContent !== label.name) link.textContent = label.name;
      link.className = label.level ? "fine" : "";
      link.href = label.url;
      link.style.transform = `translate(${place[0]}px, ${place[1]}px)`;
    });
  }

  let asked = 0;
  async function card(n) {
    hovered = n;
    const own = document.getElementById("map-card");
    asked += 1;
    const mine = asked;
    if (n < 0) {
      own.hidden = true;
      return;
    }
    await new Promise((resume) => { setTimeout(resume, 90); });
    if (mine !== asked) return;
    try {
      const found = await (await ask(itemPath(n))).json();
      if (mine !== asked) return;
      own.replaceChildren(text("strong", found.title), ...found.facts.map((fact) => text("p", fact, "quiet")));
      if (found.topic) own.append(text("p", found.topic, "quiet"));
      own.dataset.url = found.url;
      own.hidden = false;
    } catch {
      own.hidden = true;
    }
  }

  const itemPath = (n) => box.dataset.item.replace(/0$/, String(data.ids[n] + data.first));

  async function open(n) {
    try {
      window.location.assign((await (await ask(itemPath(n))).json()).url);
    } catch {
      document.getElementById("map-count").textContent = "That item is no longer shown.";
    }
  }

  function nearestToMiddle() {
    const [x, y] = state.target;
    let best = -1;
    let least = Infinity;
    for (let n = 0; n < data.count; n += 1) {
      const away = (data.places[2 * n] - x) ** 2 + (data.places[2 * n + 1] - y) ** 2;
      if (away < least) [best, least] = [n, away];
    }
    return best;
  }

  function move(change) {
    const zoom = Math.min(Math.max(state.zoom + (change.zoom || 0), whole.zoom - 1), whole.zoom + 9);
    const step = 60 / 2 ** state.zoom;
    state = { ...state, zoom, target: [state.target[0] + (change.x || 0) * step, state.target[1] + (change.y || 0) * step, 0] };
    hovered = -1;
    draw();
  }

  const KEYS = { ArrowLeft: { x: -1 }, ArrowRight: { x: 1 }, ArrowUp: { y: 1 }, ArrowDown: { y: -1 }, "+": { zoom: 0.5 }, "=": { zoom: 0.5 }, "-": { zoom: -0.5 } };

  function onKey(event) {
    if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS[event.key]) move(KEYS[event.key]);
    else if (event.key === "0") home();
    else if (event.key === "Escape" && line !== null) lasso(false);
    else if (event.key === "Enter" && hovered >= 0) open(hovered);
    else if (event.key === "Enter") card(nearestToMiddle());
    else return;
    event.preventDefault();
  }

  function home() {
    state = { ...whole };
    draw();
  }

  function lasso(isOn) {
    line = isOn ? [] : null;
    document.getElementById("map-lasso").setAttribute("aria-pressed", String(isOn));
    box.classList.toggle("map-lassoing", isOn);
    document.querySelector("#map-line polygon").setAttribute("points", "");
    draw();
  }

  function onLine(event) {
    if (line === null || (event.type === "pointermove" && !event.buttons)) return;
    if (event.type === "pointerdown") {
      line = [];
      box.setPointerCapture(event.pointerId);
    }
    const frame = box.getBoundingClientRect();
    line.push([event.clientX - frame.left, event.clientY - frame.top]);
    document.querySelector("#map-line polygon").setAttribute("points", line.join(" "));
    if (event.type === "pointerup") choose();
    event.stopPropagation();
  }

  function choose() {
    const view = viewport();
    const corners = line.map((point) => view.unproject(point));
    const inside = [];
    for (let n = 0; n < data.count && corners.length > 2; n += 1) {
      if (isInside(data.places[2 * n], data.places[2 * n + 1], corners)) inside.push(data.ids[n] + data.first);
    }
    lasso(false);
    if (inside.length) showChosen(inside);
  }

  function isInside(x, y, corners) {
    let odd = false;
    for (let n = 0, last = corners.length - 1; n < corners.length; last = n, n += 1) {
      const [ax, ay] = corners[n];
      const [bx, by] = corners[last];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  }

  async function showChosen(ids) {
    const body = new FormData();
    body.set("ids", ids.join());
    body.set("csrfmiddlewaretoken", document.querySelector("#map-actions [name=csrfmiddlewaretoken]").value);
    try {
      list(await (await ask(box.dataset.chosen, { method: "POST", body })).json(), "Chosen items", ids);
    } catch {
      document.getElementById("map-count").textContent = "The list did not come. Try again.";
    }
  }

  function list(found, title, ids) {
    lit = new Set(ids);
    document.getElementById("map-list-title").textContent = title;
    const more = found.total > found.hits.length ? `, the first ${found.hits.length.toLocaleString("en")} of them below` : "";
    document.getElementById("map-count").textContent = `${found.total.toLocaleString("en")} item${found.total === 1 ? "" : "s"}${more}.`;
    document.getElementById("map-list").replaceChildren(...found.hits.map((hit) => {
      const entry = document.createElement("li");
      const link = text("a", hit.title);
      link.href = hit.url;
      entry.append(link);
      return entry;
    }));
    offer(ids);
    paint();
  }

  // What a curator may do with the items, as in the admin's list, which asks once more.
  function offer(ids) {
    const actions = document.getElementById("map-actions");
    if (!actions.hasAttribute("action")) return; // its property of that name is the field of that name
    for (const old of actions.querySelectorAll("[name=_selected_action]")) old.remove();
    actions.hidden = !ids.length || ids.length > MOST_FOR_ACTION;
    if (actions.hidden) return;
    actions.append(...ids.map((id) => {
      const field = document.createElement("input");
      [field.type, field.name, field.value] = ["hidden", "_selected_action", id];
      return field;
    }));
  }

  async function light() {
    const query = new URLSearchParams(new FormData(form));
    const wanted = query.get("q").trim();
    if (!wanted) {
      lit = null;
      list({ hits: [], total: 0 }, "Chosen items", []);
      document.getElementById("map-count").textContent = "None: search, or draw around items.";
      lit = null;
      paint();
      return;
    }
    query.delete("by");
    const found = await (await ask(`${box.dataset.hits}?${query}`)).json();
    list(found, "Matching items", found.hits.map((hit) => hit.id));
  }

  async function load() {
    const by = new FormData(form).get("by");
    data = unpack(await (await ask(`${box.dataset.points}?by=${encodeURIComponent(by)}`)).arrayBuffer());
  }

  async function onChange(event) {
    event.preventDefault();
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    window.history.replaceState(null, "", `?${query}`);
    try {
      if (event.type === "change") await load();
      await light();
    } catch {
      document.getElementById("map-count").textContent = "That did not work. Try again in a moment.";
    }
  }

  function connect() {
    form.addEventListener("submit", onChange);
    form.elements.by.addEventListener("change", onChange);
    box.addEventListener("keydown", onKey);
    for (const type of ["pointerdown", "pointermove", "pointerup"]) box.addEventListener(type, onLine, true);
    document.getElementById("map-lasso").addEventListener("click", () => lasso(line === null));
    document.getElementById("map-home").addEventListener("click", home);
    dark.addEventListener("change", paint);
    new ResizeObserver(labels).observe(box);
  }

  async function start() {
    if (!window.deck || !document.createElement("canvas").getContext("webgl2")) throw new Error("no WebGL 2");
    await load();
    for (const element of document.querySelectorAll(".needs-js")) element.hidden = false;
    const size = Math.min(box.clientWidth, box.clientHeight);
    whole = { target: [0, 0, 0], zoom: Math.log2(size / 2.15) };
    state = { ...whole };
    deckgl = new deck.Deck({
      parent: box, views: new deck.OrthographicView({ flipY: false }), viewState: state, controller: true, layers: [],
      pickingRadius: 4, useDevicePixels: true, getCursor: ({ isDragging }) => (line !== null ? "crosshair" : isDragging ? "grabbing" : "grab"),
      onViewStateChange: ({ viewState }) => {
        state = { ...viewState, zoom: Math.min(Math.max(viewState.zoom, whole.zoom - 1), whole.zoom + 9) };
        moved();
      },
      onHover: ({ index }) => { if (line === null && index !== hovered) card(index); },
      onClick: ({ index }) => { if (line === null && index >= 0) open(index); },
    });
    connect();
    paint();
    document.getElementById("map-trouble").hidden = true;
    box.dataset.drawn = String(Math.round(performance.now()));
    if (form.elements.q.value.trim()) await light();
  }

  start().catch(() => {
    for (const element of document.querySelectorAll(".needs-js")) element.hidden = true;
    const trouble = document.getElementById("map-trouble");
    trouble.classList.remove("no-js");
    trouble.hidden = false;
  });
})();
