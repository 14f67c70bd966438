// The same latents over time: the sheets of samples, with a slider.
import { html, useEffect, useState } from "../html.js";
import { _, duration, number } from "../i18n.js";
import { path } from "../api.js";
import { ofKind } from "../live.js";
import { Button, Waiting } from "./basics.js";

const FRAME = 280; // milliseconds

const fileOf = (grid) => grid.path.split(/[/\\]/).at(-1);

export function Growth({ name, events, isAtWork }) {
  const grids = ofKind(events, "SampleGrid");
  const [chosen, setChosen] = useState(null); // null follows the newest
  const [isPlaying, setPlaying] = useState(false);
  const at = Math.min(chosen ?? grids.length - 1, grids.length - 1);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => {
      if (at >= grids.length - 1) {
        setPlaying(false);
        setChosen(null);
      } else setChosen(at + 1);
    }, FRAME);
    return () => clearTimeout(timer);
  }, [isPlaying, at, grids.length]);
  if (!events) return html`<${Waiting} />`;
  if (!grids.length) return html`<figure class="growth none"><p class="soft">${_("The first samples come in a moment.")}</p></figure>`;
  const grid = grids[at];
  const moment = _("After {count} pictures", { count: number(grid.images_seen) });
  return html`
    <figure class="growth">
      <img src=${path`/api/runs/${name}/samples/${fileOf(grid)}`} alt=${_("Samples of the same latents. {moment}.", { moment })} />
      <figcaption>
        <div class="growth-line">
          <${Button} kind="small" icon=${isPlaying ? "pause" : "play"} disabled=${grids.length < 2}
            act=${() => { setChosen(isPlaying || at < grids.length - 1 ? at : 0); setPlaying(!isPlaying); }}>${isPlaying ? _("Stop") : _("Play")}</${Button}>
          <input type="range" min="0" max=${grids.length - 1} value=${at} disabled=${grids.length < 2} aria-label=${_("Time")} aria-valuetext=${moment}
            onInput=${(event) => { setPlaying(false); const index = Number(event.target.value); setChosen(index === grids.length - 1 ? null : index); }} />
        </div>
        <p class="soft number" aria-live="off">${moment}${chosen === null && isAtWork ? ` · ${_("the newest")}` : ""}</p>
      </figcaption>
    </figure>
  `;
}
