// The page: a sheet of pictures, those that are pinned, and a walk between them. Networks are run by onnxruntime-web.
// Its texts are marked as in Python, with double quotes.
const facts = JSON.parse(document.getElementById("facts").textContent);
const { width, height, channels, z_dim, classes } = facts;
const AT_ONCE = 4; // pictures drawn between two looks at what a person does
const language = document.documentElement.lang;

const fill = (text, values) =>
  values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole)) : text;
const _ = (text, values) => fill(facts.texts[text]?.[0] ?? text, values);
const number = (value, digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

// What lies in the page: compressed, as text.
const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
async function asset(id) {
  const stream = new Blob([bytesOf(document.getElementById(id).textContent)]).stream();
  return new Uint8Array(await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

// The networks. A call waits for the one before: a session runs one at a time.
let ort, mapping, synthesis, last = Promise.resolve();
async function load() {
  const url = URL.createObjectURL(new Blob([await asset("ort")], { type: "text/javascript" }));
  ort = await import(url);
  ort.env.wasm.numThreads = 1; // more need headers that a file does not have
  ort.env.wasm.wasmBinary = await asset("wasm");
  const options = { executionProviders: ["wasm"] };
  mapping = await ort.InferenceSession.create(await asset("mapping"), options);
  synthesis = await ort.InferenceSession.create(await asset("synthesis"), options);
}
function inTurn(work) {
  const turn = last.then(work);
  last = turn.catch(() => {});
  return turn;
}
const concatenated = (rows) => { // Float32Array of rows of one length
  const all = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, index) => all.set(row, index * row.length));
  return all;
};
const rowsOf = (data, count) => Array.from({ length: count }, (unused, index) => data.slice((index * data.length) / count, ((index + 1) * data.length) / count));

// w of points {z, label}, and pictures of w: each a Float32Array (channels, height, width) from 0 to 1.
const styles = (points, truncation) => inTurn(async () => {
  const inputs = {
    z: new ort.Tensor("float32", concatenated(points.map((point) => point.z)), [points.length, z_dim]),
    truncation: new ort.Tensor("float32", [truncation], []),
  };
  if (classes.length) inputs.labels = new ort.Tensor("int64", BigInt64Array.from(points, (point) => BigInt(point.label)), [points.length]);
  return rowsOf((await mapping.run(inputs)).w.data, points.length);
});
const pictures = (ws) => inTurn(async () => {
  const w = new ort.Tensor("float32", concatenated(ws), [ws.length, ...facts.w_shape]);
  return rowsOf((await synthesis.run({ w })).images.data, ws.length);
});

// Pixels RGBA of a picture.
function pixels(picture) {
  const size = width * height, image = new ImageData(width, height), level = (at) => Math.round(255 * picture[at]);
  for (let pixel = 0; pixel < size; pixel++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * pixel + channel] = level((channels > 2 ? channel : 0) * size + pixel);
    image.data[4 * pixel + 3] = channels === 4 ? level(3 * size + pixel) : 255;
  }
  return image;
}
const show = (canvas, picture) => canvas.getContext("2d").putImageData(pixels(picture), 0, 0);

// Points in the space of latents.
function normal() {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random())), angle = 2 * Math.PI * Math.random();
  return radius * Math.cos(angle);
}
const random = () => ({ z: Float32Array.from({ length: z_dim }, normal), label: chosenClass() ?? Math.floor(Math.random() * Math.max(1, classes.length)) });
const length = (z) => Math.hypot(...z);
const blend = (a, b, share) => a.map((value, index) => value + share * (b[index] - value));
// Along the sphere about which latents lie; then the length between both lengths.
function alongSphere(a, b, share) {
  const [la, lb] = [length(a), length(b)];
  const cosine = a.reduce((sum, value, index) => sum + value * b[index], 0) / (la * lb);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (angle < 1e-4) return blend(a, b, share);
  const [wa, wb] = [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)];
  const reach = la + share * (lb - la);
  return a.map((value, index) => reach * ((wa * value) / la + (wb * b[index]) / lb));
}
// w between two points: straight where there is a space of styles, or where the class changes; else along the sphere.
async function between(a, b, share, truncation) {
  if (facts.has_mapping || (classes.length && a.label !== b.label)) {
    const [from, to] = await styles([a, b], truncation);
    return blend(from, to, share);
  }
  return (await styles([{ z: Float32Array.from(alongSphere(a.z, b.z, share)), label: a.label }], truncation))[0];
}

// The page's parts.
function element(tag, { attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
const canvas = () => element("canvas", { width, height });
const button = (text, onclick, className = "") => element("button", { type: "button", textContent: text, onclick, className });
function slider(text, least, most, step, value, onchange) {
  const shown = element("span", {}, number(value, 2));
  const input = element("input", { type: "range", min: least, max: most, step, value });
  input.oninput = () => { shown.textContent = number(input.value, 2); };
  input.onchange = onchange;
  return { input, label: element("label", {}, element("span", {}, text, shown), input) };
}

const status = element("p", { className: "soft", attributes: { role: "status" } }, _("Loading the network ..."));
const sheet = element("div", { className: "sheet" });
const pins = element("ul", { className: "pins" });
const stage = canvas();
stage.setAttribute("role", "img");
stage.setAttribute("aria-label", _("The picture that is shown large"));
const choice = element("select", {}, element("option", { value: "" }, _("All classes")), ...classes.map((name, index) => element("option", { value: index }, name)));
choice.onchange = () => renew();
const chosenClass = () => (choice.value === "" ? undefined : Number(choice.value));
const truncation = slider(_("Truncation"), 0, 1, 0.05, 1, () => redraw());
const pace = slider(_("Seconds from one to the next"), 0.5, 8, 0.5, 2);
const walkButton = button(_("Walk"), () => (walking ? halt() : walk()), "primary");
const saveButton = button(_("Save as PNG"), save);
const newButton = button(_("New pictures"), () => renew(), "primary");
const clearButton = button(_("Remove the pins"), () => { halt(); pinned.length = 0; mark(); });
const hint = element("p", { className: "soft" });

let points = [], pinned = [], current = null, walking = false, drawing = 0;

document.getElementById("page").append(
  element("header", {}, element("h1", {}, facts.name), element("p", { className: "soft" }, _("Drawn by a network on this device. Nothing is sent anywhere."))),
  status,
  element("div", { className: "columns" },
    element("section", { className: "panel" },
      element("div", { className: "head" }, element("h2", {}, _("Pictures")), newButton),
      element("div", { className: "row" }, truncation.label, ...(classes.length ? [element("label", {}, element("span", {}, _("Class")), choice)] : [])),
      element("p", { className: "soft" }, _("Toward 0 pictures become safer and more alike. Press a picture to pin it.")),
      sheet),
    element("section", { className: "panel beside" },
      element("h2", {}, _("Large")),
      element("div", { className: "stage" }, stage),
      element("div", { className: "row" }, walkButton, saveButton),
      hint, pins, pace.label,
      element("div", { className: "row" }, clearButton),
      element("p", { className: "soft" }, _("Keys: N new pictures, W walk, S save, arrows from picture to picture.")))),
  element("footer", { className: "soft" }, _("Written by Ganvas {version}. Runs on onnxruntime-web, under the MIT licence.", { version: facts.version })));

function look(point, picture) {
  current = point;
  show(stage, picture);
}
// One picture of a list: large when it is pressed, and pinned or no longer.
function tile(point, index) {
  const drawn = canvas();
  const made = element("button", { type: "button", className: "picture", attributes: { "aria-pressed": "false", "aria-label": _("Picture {number}", { number: index + 1 }) } }, drawn);
  made.onclick = () => {
    halt();
    if (point.picture) look(point, point.picture);
    if (pinned.includes(point)) pinned.splice(pinned.indexOf(point), 1);
    else pinned.push(point);
    mark();
  };
  return { made, drawn };
}
function mark() {
  points.forEach((point) => point.tile.made.setAttribute("aria-pressed", String(pinned.includes(point))));
  pins.replaceChildren(...pinned.map((point, index) => {
    const small = canvas();
    if (point.picture) show(small, point.picture);
    const go = element("button", { type: "button", className: "picture", attributes: { "aria-label": _("Pinned picture {number}", { number: index + 1 }) } }, small);
    go.onclick = () => { halt(); if (point.picture) look(point, point.picture); };
    return element("li", {}, go);
  }));
  walkButton.disabled = pinned.length < 2;
  clearButton.disabled = !pinned.length;
  hint.textContent = pinned.length < 2 ? _("Pin two pictures or more, and walk from one to the next.") : _("Pinned pictures: {count}", { count: pinned.length });
}
function renew(first) {
  points = first ?? Array.from({ length: points.length }, random);
  points.forEach((point, index) => { point.tile = tile(point, index); });
  sheet.replaceChildren(...points.map((point) => point.tile.made));
  mark();
  return redraw();
}
// Draws all anew, and gives up when it is called again meanwhile.
async function redraw() {
  const mine = ++drawing, value = Number(truncation.input.value);
  const all = [...points, ...pinned.filter((point) => !points.includes(point))];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    const part = all.slice(start, start + AT_ONCE);
    const drawn = await pictures(await styles(part, value));
    if (mine !== drawing) return;
    part.forEach((point, index) => { point.picture = drawn[index]; show(point.tile.drawn, drawn[index]); });
    if (start === 0 && !current) look(points[0], drawn[0]);
    await new Promise(requestAnimationFrame);
  }
  if (current?.picture && !walking) look(current, current.picture);
  mark();
}
async function walk() {
  if (pinned.length < 2) return;
  walking = true;
  walkButton.textContent = _("Stop");
  const route = [...pinned];
  for (let at = 0, before = performance.now(); walking; ) {
    const now = performance.now();
    at = (at + (now - before) / 1000 / Number(pace.input.value)) % route.length;
    before = now;
    const leg = Math.floor(at), rest = at - leg, share = rest * rest * (3 - 2 * rest);
    const w = await between(route[leg], route[(leg + 1) % route.length], share, Number(truncation.input.value));
    const [picture] = await pictures([w]);
    if (walking) look({ picture }, picture);
    await new Promise(requestAnimationFrame);
  }
}
function halt() {
  walking = false;
  walkButton.textContent = _("Walk");
}
function save() {
  stage.toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    element("a", { href: url, download: `${facts.name}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
}
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  const key = event.key.toLowerCase();
  const act = { n: newButton, w: walkButton, s: saveButton }[key];
  if (act) act.click();
  const tiles = [...sheet.children], at = tiles.indexOf(document.activeElement);
  const columns = getComputedStyle(sheet).gridTemplateColumns.split(" ").length;
  const step = { arrowleft: -1, arrowright: 1, arrowup: -columns, arrowdown: columns }[key];
  if (at >= 0 && step && tiles[at + step]) {
    event.preventDefault();
    tiles[at + step].focus();
  }
});

const firstZ = new Float32Array(bytesOf(facts.first_z).buffer);
const first = rowsOf(firstZ, firstZ.length / z_dim).map((z, index) => ({ z, label: facts.first_labels?.[index] ?? 0 }));
try {
  await load();
  await renew(first);
  status.remove();
  document.documentElement.dataset.state = "drawn";
} catch (error) {
  status.className = "bad";
  status.textContent = _("This browser cannot run the network: {reason}", { reason: error.message ?? String(error) });
  document.documentElement.dataset.state = "failed";
}
