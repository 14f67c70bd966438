// Watch: one training as it goes, the samples first.
import { html, useState } from "../html.js";
import { _, duration, number, percent } from "../i18n.js";
import { link, useData } from "../hooks.js";
import { path } from "../api.js";
import { lastOf, useRun } from "../live.js";
import { Bar, Empty, Page, Panel, Waiting, Wrong } from "../parts/basics.js";
import { State, TrainingButtons } from "../parts/training-list.js";
import { Growth } from "../parts/growth.js";
import { Coach } from "../parts/coach.js";
import { Losses } from "../parts/losses.js";
import { MoreTime } from "../parts/more-time.js";
import { Opinions } from "../parts/opinions.js";

const POLL = 3000; // milliseconds

export function Watch({ parts: [name] }) {
  return name ? html`<${OneRun} key=${name} name=${name} />` : html`<${AllRuns} />`;
}

function AllRuns() {
  const { data, error } = useData("/api/trainings", POLL);
  return html`
    <${Page} title=${_("Watch")} lead=${_("See how the pictures grow, and what the coach says.")}>
      ${data?.length === 0 && html`<${Empty} title=${_("Nothing has been trained yet")}><a class="button primary" href=${link("train")}>${_("Train")}</a></${Empty}>`}
      <${Wrong} error=${!data && error} />
      <ul class="cards">${data?.map((each) => html`<${RunCard} key=${each.name} training=${each} />`)}</ul>
    </${Page}>
  `;
}

const RunCard = ({ training }) => html`
  <li><a class="card" href=${link("watch", training.name)}>
    <div class="sheet">${training.sheet && html`<img src=${path`/api/runs/${training.name}/samples/${training.sheet}`} alt="" loading="lazy" />`}</div>
    <div class="card-text"><h2>${training.name}</h2><${State} training=${training} /></div>
  </a></li>
`;

function OneRun({ name }) {
  const { data: run, error, reload } = useData(path`/api/runs/${name}`, POLL);
  const { events } = useRun(name);
  const [coach, setCoach] = useState(null); // chosen for when it goes on
  return html`
    <${Page} title=${name} back=${{ href: link("watch"), text: _("All trainings") }} wide
      lead=${run?.begun && `${run.width} × ${run.height} px · ${run.recipe}`}
      actions=${run && html`<${State} training=${run} /><${TrainingButtons} training=${run} coach=${coach} onChange=${reload} />`}>
      <${Wrong} error=${!run && error} />
      ${run?.log && html`<details class="notice wrong" open><summary>${_("What it said")}</summary><pre>${run.log}</pre></details>`}
      ${run && html`<${Progress} run=${run} events=${events} />`}
      <div class="two">
        <div class="stack">
          <${Growth} name=${name} events=${events} isAtWork=${run?.state === "running"} />
          ${run?.has_discriminator && html`<${Opinions} name=${name} />`}
        </div>
        <div class="stack">
          ${run?.state === "finished" && run.can_have_more && html`<${MoreTime} run=${run} onChange=${reload} />`}
          <${Coach} events=${events} run=${run} coach=${coach} onCoach=${setCoach} />
          <${Losses} events=${events} run=${run} />
        </div>
      </div>
    </${Page}>
  `;
}

function Progress({ run, events }) {
  const step = lastOf(events, "Step");
  const share = run.state === "finished" ? 1 : (step?.progress ?? 0);
  const left = step && share > 0.01 ? (step.seconds * (1 - share)) / share : null;
  const isAtWork = ["running", "silent"].includes(run.state);
  if (!step) return ["starting", "running"].includes(run.state) ? html`<${Waiting} text=${_("The pictures are prepared, and the speed of this machine is measured…")} />` : null;
  return html`
    <div class="progress">
      <${Bar} share=${share} label=${_("Progress")} />
      <p class="soft number">${percent(share)} · ${_("{count} pictures seen", { count: number(step.images_seen) })}
        ${isAtWork && left !== null && html` · <strong>${_("{time} left", { time: duration(left) })}</strong>`}</p>
    </div>
  `;
}
