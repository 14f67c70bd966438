// Pinned pictures: to come back to, to mix, and to walk through in a film.
import { html, useState } from "../html.js";
import { _, ngettext } from "../i18n.js";
import { path, post } from "../api.js";
import { link } from "../hooks.js";
import { useDrawn } from "../draw.js";
import { describe } from "../points.js";
import { Button, Panel } from "./basics.js";
import { Slider } from "./directions.js";
import { Icon } from "./icons.js";
import { JobProgress, isOver, useJob } from "./jobs.js";

export function Pins({ about, pins, onPins, truncation, onGo }) {
  const { urls } = useDrawn(about.name, pins, truncation);
  if (!pins.length) return null;
  return html`
    <${Panel} title=${ngettext("{count} pinned", "{count} pinned", pins.length)} aside=${html`<${Button} kind="small" act=${async () => onPins([])}>${_("Remove all")}</${Button}>`}>
      <ul class="pins">
        ${pins.map((each, index) => html`
          <li key=${JSON.stringify(each)}>
            <button type="button" class="picture" aria-label=${describe(each)} onClick=${() => onGo(each)}>
              <span class="frame" style=${{ aspectRatio: `${about.width} / ${about.height}` }}>${urls[index] && html`<img src=${urls[index]} alt="" />`}</span>
            </button>
            <button type="button" class="unpin" aria-label=${_("Remove {name}", { name: describe(each) })} onClick=${() => onPins(pins.filter((other) => other !== each))}><${Icon} name="close" /></button>
          </li>`)}
      </ul>
      <${Walk} about=${about} pins=${pins} truncation=${truncation} />
    </${Panel}>
  `;
}

function Walk({ about, pins, truncation }) {
  const known = about.jobs.find((each) => each.kind === "walk" && !isOver(each));
  const [id, setId] = useState(known?.id ?? null);
  const [seconds, setSeconds] = useState(8);
  const [isOpen, setOpen] = useState(false);
  const job = useJob(id);
  if (pins.length < 2 && !job) return html`<p class="soft">${_("Pin another one, and walk from one to the other in a film.")}</p>`;
  const begin = async () => setId((await post(path`/api/explore/${about.name}/walk`, { points: pins, truncation, seconds, is_open: isOpen })).job);
  return html`
    <details class="more" open=${Boolean(job)}><summary>${_("A walk through them")}</summary>
      <${Slider} label=${_("Length")} value=${seconds} least=${2} most=${60} step=${1} onChange=${setSeconds} text=${(value) => _("{count} s", { count: value })} />
      <label class="check"><input type="checkbox" checked=${isOpen} onChange=${(event) => setOpen(event.target.checked)} />${_("Ends at the last one, and does not go back")}</label>
      ${(!job || isOver(job)) && html`<div><${Button} icon="play" kind="primary" disabled=${pins.length < 2} act=${begin}>${_("Make the film")}</${Button}></div>`}
      <${JobProgress} job=${job} text=${_("Drawing the film")} />
      ${job && isOver(job) && job.name && html`<${Film} name=${job.name} version=${job.version} /><p><a href=${link("gallery", job.name)}>${_("See it in the gallery")}</a></p>`}
    </details>
  `;
}

// A film that was made: in a container, or as an animated picture where PyAV is not installed.
export function Film({ name, version }) {
  const source = `${path`/api/made/${name}/file`}?v=${version}`;
  return /\.(mp4|webm)$/.test(name)
    ? html`<video class="film" src=${source} controls loop muted autoplay playsinline aria-label=${name} />`
    : html`<img class="film" src=${source} alt=${name} />`;
}
