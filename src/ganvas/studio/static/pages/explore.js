// Explore: what a run has learned. One picture large, a wall of others around it, and ways to go from one to another.
import { html, useMemo, useState } from "../html.js";
import { _ } from "../i18n.js";
import { path, post } from "../api.js";
import { link, useData } from "../hooks.js";
import { useDrawn } from "../draw.js";
import { describe, moved, same, seed } from "../points.js";
import { Button, Empty, Page, Waiting, Wrong, tell } from "../parts/basics.js";
import { Directions } from "../parts/directions.js";
import { Pins } from "../parts/pins.js";
import { RunCards } from "../parts/run-cards.js";
import { Wall } from "../parts/wall.js";

export function Explore({ parts: [run, start] }) {
  return run ? html`<${OneRun} key=${run + start} run=${run} start=${start} />` : html`<${AllRuns} />`;
}

function AllRuns() {
  const { data: runs, error } = useData("/api/explore");
  return html`
    <${Page} title=${_("Explore")} lead=${_("Wander through what a training has learned: its pictures, and everything between them.")}>
      <${Wrong} error=${error} />
      ${!runs && !error && html`<${Waiting} />`}
      ${runs?.length === 0 && html`<${Empty} title=${_("Nothing has been trained yet")}><a class="button primary" href=${link("train")}>${_("Train")}</a></${Empty}>`}
      <${RunCards} runs=${runs} to="explore" />
    </${Page}>
  `;
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function OneRun({ run, start }) {
  const opened = useMemo(() => parsed(start ?? "{}"), []);
  const { data: about, error, reload } = useData(path`/api/explore/${run}`);
  const [base, setBase] = useState(opened.point ?? seed(0));
  const [moves, setMoves] = useState({});
  const [truncation, setTruncation] = useState(opened.truncation ?? 1);
  const [pins, setPins] = useState(opened.pins ?? []);
  const point = moved(base, moves);
  const go = (to) => {
    setBase(to);
    setMoves({});
  };
  const isPinned = pins.some((each) => same(each, point));
  return html`
    <${Page} title=${run} back=${{ href: link("explore"), text: _("All trainings") }} wide lead=${about && `${about.width} × ${about.height} px`}>
      <${Wrong} error=${error} />
      ${!about && !error && html`<${Waiting} text=${_("The generator is being loaded…")} />`}
      ${about && html`
        <div class="explore">
          <div class="explore-side">
            <${Stage} run=${run} point=${point} truncation=${truncation} isPinned=${isPinned} onPin=${() => !isPinned && setPins([...pins, point])} />
            <${Directions} about=${about} moves=${moves} onMoves=${setMoves} truncation=${truncation} onTruncation=${setTruncation} onFound=${reload} />
          </div>
          <div class="list">
            <${Pins} about=${about} pins=${pins} onPins=${setPins} truncation=${truncation} onGo=${go} />
            <${Wall} about=${about} point=${point} pins=${pins} truncation=${truncation} onGo=${go} />
          </div>
        </div>`}
    </${Page}>
  `;
}

function Stage({ run, point, truncation, isPinned, onPin }) {
  const { urls, error, isWaiting } = useDrawn(run, [point], truncation);
  const keep = async () => post(path`/api/explore/${run}/keep`, { point, truncation });
  const name = describe(point);
  return html`
    <figure class="stage">
      <div class="stage-picture">${urls[0] ? html`<img src=${urls[0]} alt=${name} />` : !error && html`<${Waiting} />`}</div>
      <${Wrong} error=${error} />
      <figcaption class="stage-caption" aria-live="polite" aria-busy=${isWaiting}>${name}</figcaption>
      <div class="actions">
        <${Button} kind="primary" icon="pin" act=${async () => onPin()} disabled=${isPinned}>${isPinned ? _("Pinned") : _("Pin")}</${Button}>
        <${Button} icon="heart" act=${async () => { await keep(); tell(_("It is in the gallery.")); }}>${_("Keep")}</${Button}>
        <${Button} icon="repaint" act=${async () => { const { name: kept } = await keep(); location.hash = link("repaint", JSON.stringify({ content: `made/${kept}` })); }}>${_("Repaint")}</${Button}>
      </div>
    </figure>
  `;
}
