// Sliders: along the directions of a run, and how far from its mean picture it draws.
import { html, useState } from "../html.js";
import { _, number } from "../i18n.js";
import { path, post } from "../api.js";
import { directionName } from "../points.js";
import { Button, Panel } from "./basics.js";
import { JobProgress, isOver, useJob } from "./jobs.js";

const REACH = 3; // standard deviations to either side
const FIRST = 4; // directions that are shown at once

export function Directions({ about, moves, onMoves, truncation, onTruncation, onFound }) {
  const isMoved = Object.values(moves).some(Boolean);
  const slider = (name) => html`<${Slider} key=${name} label=${directionName(name)} value=${moves[name] ?? 0} least=${-REACH} most=${REACH} step=${0.1}
    onChange=${(value) => onMoves({ ...moves, [name]: value })} />`;
  return html`
    <${Panel} title=${_("Directions")} aside=${isMoved && html`<${Button} kind="small" act=${async () => onMoves({})}>${_("Reset")}</${Button}>`}>
      ${about.directions.slice(0, FIRST).map(slider)}
      ${about.directions.length > FIRST && html`<details><summary>${_("More directions")}</summary><div class="list">${about.directions.slice(FIRST).map(slider)}</div></details>`}
      ${about.directions.length === 0 && html`<${Find} about=${about} onFound=${onFound} />`}
      <${Slider} label=${_("Variety")} help=${_("To the left pictures are safer, and more alike.")} value=${truncation} least=${0} most=${1} step=${0.05} onChange=${onTruncation} />
    </${Panel}>
  `;
}

export function Slider({ label, help, value, least, most, step, onChange, text }) {
  const shown = text ? text(value) : number(value, 2);
  return html`
    <label class="slider">
      <span class="slider-head"><span>${label}</span><span class="soft number" aria-hidden="true">${shown}</span></span>
      ${help && html`<span class="soft slider-help">${help}</span>`}
      <input type="range" min=${least} max=${most} step=${step} value=${value} aria-valuetext=${shown} onInput=${(event) => onChange(Number(event.target.value))} />
    </label>
  `;
}

function Find({ about, onFound }) {
  const known = about.jobs.find((each) => each.kind === "directions" && !isOver(each));
  const [id, setId] = useState(known?.id ?? null);
  const job = useJob(id, onFound);
  const find = async () => setId((await post(path`/api/explore/${about.name}/directions`)).job);
  return html`
    <p class="soft">${_("A direction changes one thing in all pictures, such as light or size. They are found by looking at many.")}</p>
    ${(!job || isOver(job)) && html`<div><${Button} act=${find}>${_("Find directions")}</${Button}></div>`}
    <${JobProgress} job=${job} text=${_("Looking for directions")} />
  `;
}
