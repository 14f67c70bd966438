// A mask that is painted on a picture, with mouse, finger, pen or keys: which painting belongs where.
import { html, useEffect, useRef, useState } from "../html.js";
import { _, percent } from "../i18n.js";
import { ERASER, SHAPES, drawMark } from "../masks.js";
import { Slider } from "./directions.js";
import { Icon } from "./icons.js";

export const COLORS = ["#ffb000", "#2ec4b6", "#e0559b", "#7b8cff"];
const NAMES = { all: () => _("Everything"), left: () => _("Left half"), right: () => _("Right half"), top: () => _("Upper half"), bottom: () => _("Lower half"), middle: () => _("The middle") };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.02; // of the picture, that an arrow key moves the brush
const inside = (value) => Math.min(1, Math.max(0, value));

export function MaskEditor({ source, brushes, marks, onMarks, onLoad, children }) {
  const [brush, setBrush] = useState(0);
  const [size, setSize] = useState(0.12);
  const [shape, setShape] = useState(1);
  const active = brush < brushes.length ? brush : 0;
  const loaded = (event) => {
    setShape(event.target.naturalWidth / event.target.naturalHeight);
    onLoad(event);
  };
  const undo = () => onMarks(marks.slice(0, -1));
  const fill = (name) => onMarks([...marks, { brush: active, shape: name }]);
  return html`
    <figure class="stage">
      <div class="mask-picture"><img src=${source} alt=${_("The picture that is painted")} onLoad=${loaded} />
        <${Surface} shape=${shape} brush=${active} size=${size} marks=${marks} onMarks=${onMarks} onUndo=${undo} /></div>
      <div class="mask-tools" role="group" aria-label=${_("Tools")}>
        ${brushes.map((_each, index) => html`<button type="button" key=${index} class="button small" aria-pressed=${active === index} onClick=${() => setBrush(index)}>
          <span class="dot" style=${{ background: COLORS[index] }} />${brushes.length > 1 ? _("Painting {number}", { number: index + 1 }) : _("Brush")}</button>`)}
        <button type="button" class="button small" aria-pressed=${active === ERASER} onClick=${() => setBrush(ERASER)}><${Icon} name="eraser" />${_("Eraser")}</button>
        <button type="button" class="button small" disabled=${!marks.length} onClick=${undo}><${Icon} name="undo" />${_("Undo")}</button>
        <button type="button" class="button small" disabled=${!marks.length} onClick=${() => onMarks([])}>${_("Clear")}</button>
      </div>
      <${Slider} label=${_("Size of the brush")} value=${size} least=${0.02} most=${0.4} step=${0.01} onChange=${setSize} text=${percent} />
      <details><summary>${_("Parts at once, and keys")}</summary>
        <div class="chips">${Object.keys(SHAPES).map((name) => html`<button type="button" key=${name} class="button small" onClick=${() => fill(name)}>${NAMES[name]()}</button>`)}</div>
        <p class="soft">${_("On the picture, arrow keys move the brush, with Shift further. Space puts it down and lifts it. Ctrl+Z undoes.")}</p></details>
      <div class="actions">${children}</div>
    </figure>
  `;
}

// The canvas over the picture. What is drawn now is shown at once, and becomes a mark when the pointer is lifted.
function Surface({ shape, brush, size, marks, onMarks, onUndo }) {
  const canvas = useRef();
  const stroke = useRef(null);
  const [cursor, setCursor] = useState(null); // of the keys
  const [isDown, setDown] = useState(false);
  const color = (each) => COLORS[each] ?? "#000";

  const draw = () => {
    const context = canvas.current.getContext("2d");
    context.clearRect(0, 0, canvas.current.width, canvas.current.height);
    for (const mark of stroke.current ? [...marks, stroke.current] : marks) drawMark(context, mark, color(mark.brush));
  };
  useEffect(draw, [marks, shape]);

  const place = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };
  const begin = (at) => {
    stroke.current = { brush, size, points: [at] };
    draw();
  };
  const go = (at) => {
    stroke.current = { ...stroke.current, points: [...stroke.current.points, at] };
    draw();
  };
  const end = () => {
    if (!stroke.current) return;
    const mark = stroke.current;
    stroke.current = null;
    onMarks([...marks, mark]);
  };

  const pressed = (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.current.setPointerCapture(event.pointerId);
    canvas.current.focus({ preventScroll: true });
    setCursor(null);
    setDown(false);
    begin(place(event));
  };
  const typed = (event) => {
    const at = cursor ?? [0.5, 0.5];
    if (event.key === " ") {
      if (isDown) end();
      else begin(at);
      setDown(!isDown);
    } else if (event.key in ARROWS) {
      const [x, y] = ARROWS[event.key];
      const step = event.shiftKey ? 4 * STEP : STEP;
      const next = [inside(at[0] + x * step), inside(at[1] + y * step)];
      if (isDown) go(next);
      setCursor(next);
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) onUndo();
    else return;
    event.preventDefault();
  };
  const left = () => {
    if (isDown) end();
    setDown(false);
    setCursor(null);
  };
  const side = 768;
  const ring = cursor && { left: `${100 * cursor[0]}%`, top: `${100 * cursor[1]}%`, width: `${100 * size * Math.max(1, 1 / shape)}%` };
  return html`
    <canvas class="mask" ref=${canvas} width=${Math.round(shape >= 1 ? side : side * shape)} height=${Math.round(shape >= 1 ? side / shape : side)} tabindex="0" role="application"
      aria-label=${_("The mask. Arrow keys move the brush, Space puts it down and lifts it.")}
      onPointerDown=${pressed} onPointerMove=${(event) => stroke.current && !isDown && go(place(event))} onPointerUp=${() => !isDown && end()} onPointerCancel=${() => !isDown && end()}
      onKeyDown=${typed} onBlur=${left} />
    ${cursor && html`<span class=${isDown ? "ring down" : "ring"} style=${ring} />`}
    <span class="hidden" role="status">${cursor && _("{x} from the left, {y} from the top. {state}", { x: percent(cursor[0]), y: percent(cursor[1]), state: isDown ? _("The brush is down.") : _("The brush is up.") })}</span>
  `;
}
