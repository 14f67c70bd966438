// The wall: samples of a run, neighbours of the picture that is shown, or what lies between two.
import { html, useMemo, useState } from "../html.js";
import { _, percent } from "../i18n.js";
import { useDrawn } from "../draw.js";
import { describe, layersName, mix, seed } from "../points.js";
import { Button, Choice, Empty, Wrong } from "./basics.js";
import { Slider } from "./directions.js";

const WALL = 24; // pictures
const STEPS = 8; // between two
const LAYERS = ["coarse", "middle", "fine"];

export function Wall({ about, point, pins, truncation, onGo }) {
  const [mode, setMode] = useState("samples");
  return html`
    <section class="wall" aria-label=${_("Pictures")}>
      <${Choice} legend=${html`<span class="hidden">${_("What the wall shows")}</span>`} name="wall" value=${mode} onChange=${setMode}
        choices=${[["samples", _("Samples")], ["near", _("Neighbours")], ["mix", _("Mix")]]} />
      ${mode === "samples" && html`<${Samples} about=${about} truncation=${truncation} onGo=${onGo} />`}
      ${mode === "near" && html`<${Near} about=${about} point=${point} truncation=${truncation} onGo=${onGo} />`}
      ${mode === "mix" && html`<${Between} about=${about} point=${point} pins=${pins} truncation=${truncation} onGo=${onGo} />`}
    </section>
  `;
}

function Samples({ about, truncation, onGo }) {
  const [turn, setTurn] = useState(0);
  const [label, setLabel] = useState("");
  const points = useMemo(() => Array.from({ length: WALL }, (_each, index) => seed(turn * WALL + index, label)), [turn, label]);
  return html`
    ${about.classes.length > 1 && html`<label class="inline">${_("Class")}<select value=${label} onChange=${(event) => setLabel(event.target.value)}>
      <option value="">${_("all")}</option>${about.classes.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></label>`}
    <${Pictures} about=${about} points=${points} truncation=${truncation} onGo=${onGo} />
    <div class="actions">
      <${Button} icon="back" kind="small" disabled=${turn === 0} act=${async () => setTurn(turn - 1)}>${_("Back")}</${Button}>
      <${Button} kind="small" act=${async () => setTurn(turn + 1)}>${_("Show others")}</${Button}>
    </div>
  `;
}

function Near({ about, point, truncation, onGo }) {
  const [distance, setDistance] = useState(0.25);
  const [turn, setTurn] = useState(0);
  const label = point.label;
  const from = useMemo(() => point, []); // a click goes on from here, and leaves the wall as it is
  const [center, setCenter] = useState(from);
  const points = useMemo(
    () => Array.from({ length: WALL / 2 }, (_each, index) => mix(center, seed(1_000_000 + turn * WALL + index, label), distance)),
    [center, distance, turn, label],
  );
  return html`
    <${Slider} label=${_("How far away")} value=${distance} least=${0.05} most=${0.8} step=${0.05} onChange=${setDistance} text=${percent} />
    <${Pictures} about=${about} points=${points} truncation=${truncation} onGo=${onGo} />
    <div class="actions">
      <${Button} kind="small" act=${async () => setCenter(point)}>${_("Neighbours of the picture shown")}</${Button}>
      <${Button} kind="small" act=${async () => setTurn(turn + 1)}>${_("Show others")}</${Button}>
    </div>
  `;
}

function Between({ about, point, pins, truncation, onGo }) {
  const choices = pins.length ? pins : [];
  const [one, setOne] = useState(Math.max(0, choices.length - 2));
  const [other, setOther] = useState(Math.max(0, choices.length - 1));
  if (choices.length < 2) return html`<${Empty} title=${_("Pin two pictures")}><p>${_("Then what lies between them is shown here.")}</p></${Empty}>`;
  const from = choices[Math.min(one, choices.length - 1)];
  const to = choices[Math.min(other, choices.length - 1)];
  const steps = Array.from({ length: STEPS }, (_each, index) => mix(from, to, index / (STEPS - 1)));
  const layered = [...LAYERS.map((layers) => mix(from, to, 0.5, layers)), ...LAYERS.map((layers) => mix(to, from, 0.5, layers))];
  const options = choices.map((each, index) => html`<option key=${index} value=${index}>${index + 1}: ${describe(each)}</option>`);
  return html`
    <div class="pair">
      <label>${_("From")}<select value=${one} onChange=${(event) => setOne(Number(event.target.value))}>${options}</select></label>
      <label>${_("To")}<select value=${other} onChange=${(event) => setOther(Number(event.target.value))}>${options}</select></label>
    </div>
    <${Pictures} about=${about} points=${steps} truncation=${truncation} onGo=${onGo} caption=${(each) => percent(each.share)} />
    ${about.has_layers && html`<h3>${_("Layer by layer")}</h3>
      <${Pictures} about=${about} points=${layered} truncation=${truncation} onGo=${onGo} caption=${(each) => layersName(each.layers)} />`}
  `;
}

function Pictures({ about, points, truncation, onGo, caption }) {
  const { urls, error, isWaiting } = useDrawn(about.name, points, truncation);
  return html`
    <${Wrong} error=${error} />
    <ul class=${isWaiting ? "pictures waits" : "pictures"} aria-busy=${isWaiting}>
      ${points.map((each, index) => html`
        <li key=${index}>
          <button type="button" class="picture" aria-label=${describe(each)} onClick=${() => onGo(each)}>
            <span class="frame" style=${{ aspectRatio: `${about.width} / ${about.height}` }}>${urls[index] && html`<img src=${urls[index]} alt="" />`}</span>
            ${caption && html`<span class="soft number">${caption(each)}</span>`}
          </button>
        </li>`)}
    </ul>
  `;
}
