// Is it any good?: what was measured of a run, in plain words, and its report.
import { html, useState } from "../html.js";
import { _, number } from "../i18n.js";
import { path, post } from "../api.js";
import { link, useData } from "../hooks.js";
import { Button, Empty, Page, Panel, Waiting, Wrong } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { JobProgress, isOver, useJob } from "../parts/jobs.js";
import { RunCards } from "../parts/run-cards.js";

const SHEETS = { samples: () => _("What it draws"), real: () => _("The real pictures"), nearest: () => _("The samples that are most like a training picture, each with it") };
const COPYING = { none: "good", some: "bad", much: "bad" };

export const Quality = ({ parts: [run] }) => (run ? html`<${OneRun} key=${run} run=${run} />` : html`<${AllRuns} />`);

function AllRuns() {
  const { data: runs, error } = useData("/api/explore");
  return html`
    <${Page} title=${_("Is it any good?")} lead=${_("How near the pictures of a training come to the real ones, and whether it only copies them.")}>
      <${Wrong} error=${error} />
      ${!runs && !error && html`<${Waiting} />`}
      ${runs?.length === 0 && html`<${Empty} title=${_("Nothing has been trained yet")}><a class="button primary" href=${link("train")}>${_("Train")}</a></${Empty}>`}
      <${RunCards} runs=${runs} to="quality" />
    </${Page}>
  `;
}

function OneRun({ run }) {
  const { data: found, error, reload } = useData(path`/api/quality/${run}`);
  const [id, setId] = useState(null);
  const job = useJob(id ?? found?.job?.id, reload);
  const measure = async () => setId((await post(path`/api/quality/${run}/report`)).job);
  const isAtWork = job && !isOver(job);
  return html`
    <${Page} title=${_("Is “{run}” any good?", { run })} back=${{ href: link("quality"), text: _("All trainings") }} wide>
      <${Wrong} error=${error} />
      ${!found && !error && html`<${Waiting} />`}
      ${found && html`
        <div class="two words-first">
          <div class="list">
            <${Panel} title=${_("In plain words")} aside=${found.is_measured && html`<span class="badge ${COPYING[found.copying.key] ?? ""}">${found.copying.verdict}</span>`}>
              ${found.warning && html`<p class="notice wrong">${found.warning}</p>`}
              ${found.sentences.map((text) => html`<p key=${text} class="says">${text}</p>`)}
              ${found.copying.text && html`<p class="soft">${found.copying.text}</p>`}
              <${JobProgress} job=${job} text=${_("Measuring")} />
              ${!isAtWork && html`<div class="actions"><${Button} kind=${found.is_measured ? "" : "primary"} icon="quality" act=${measure}>${found.is_measured ? _("Write the report anew") : _("Measure, and write the report")}</${Button}></div>
                ${!found.is_measured && html`<p class="soft">${_("Some thousand samples are compared with the real pictures. That takes a minute or more.")}</p>`}`}
            </${Panel}>
            ${found.scores.length > 0 && html`<${Scores} found=${found} />`}
          </div>
          <div class="list">
            ${found.sheets.length === 0 && found.newest_sheet && html`<figure class="growth"><figcaption><h2>${SHEETS.samples()}</h2></figcaption><img src=${path`/api/runs/${run}/samples/${found.newest_sheet}`} alt=${SHEETS.samples()} /></figure>`}
            <${Sheets} run=${run} sheets=${found.sheets} version=${found.report} />
            ${found.report && html`<${Report} run=${run} version=${found.report} />`}
          </div>
        </div>`}
    </${Page}>
  `;
}

const Sheets = ({ run, sheets, version }) => sheets.map((name) => html`
  <figure key=${name} class="growth"><figcaption><h2>${SHEETS[name]()}</h2></figcaption><img src=${path`/api/quality/${run}/sheets/${name}` + `?v=${version}`} alt=${SHEETS[name]()} loading="lazy" /></figure>`);

const shown = (value) => (typeof value === "number" ? number(value, Math.abs(value) < 10 ? 2 : 0) : "–");

function Scores({ found }) {
  return html`
    <${Panel} title=${_("The scores")} aside=${found.compared_at && html`<span class="soft number">${found.compared_at}</span>`}>
      <ul class="scores">
        ${found.scores.map((score) => html`
          <li key=${score.key}><div class="slider-head"><strong>${score.name}</strong><span class="number">${shown(score.value)}${score.real !== null && html` <span class="soft">${_("real pictures: {value}", { value: shown(score.real) })}</span>`}</span></div>
            <p class="soft">${score.about}</p></li>`)}
      </ul>
    </${Panel}>
  `;
}

function Report({ run, version }) {
  return html`
    <${Panel} title=${_("The report")} aside=${html`<a class="button small" href=${path`/api/quality/${run}/report.html`} download=${`${run}.html`}><${Icon} name="download" />${_("Download")}</a>`}>
      <iframe class="report" sandbox="allow-scripts" src=${path`/api/quality/${run}/report` + `?v=${version}`} title=${_("The report of {run}", { run })} />
    </${Panel}>
  `;
}
