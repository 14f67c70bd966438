// What the coach says, on what evidence, and what it did.
import { html, useState } from "../html.js";
import { N_, _, number } from "../i18n.js";
import { lastOf, ofKind } from "../live.js";
import { path, post } from "../api.js";
import { Button, Choice, Panel } from "./basics.js";

const SHOWN = 12; // treatments
const OUTCOMES = { "": ["", N_("On trial")], helped: ["good", N_("Helped")], failed: ["bad", N_("Did not help")], undone: ["bad", N_("Undone")] };
export const RESTS = ["paused", "broken"]; // states of a training that can go on
const OPEN = [...RESTS, "running", "silent"]; // states in which the coach can be asked for something

export function Coach({ events, run, coach, onCoach }) {
  const verdict = lastOf(events, "Verdict");
  const treatments = ofKind(events, "Treatment");
  return html`
    <${Panel} title=${_("The coach")} aside=${verdict && html`<span class="badge ${verdict.is_healthy ? "good" : "bad"}">${verdict.title}</span>`}>
      ${!verdict && html`<p class="soft">${silence(run)}</p>`}
      ${verdict && html`<${Verdict} verdict=${verdict} />`}
      ${treatments.length > 0 && html`<${Treatments} treatments=${treatments} run=${run} />`}
      ${RESTS.includes(run?.state) &&
      html`<${Choice} legend=${_("When it goes on, the coach")} name="coach" value=${coach ?? run.coach} onChange=${onCoach}
        choices=${[["act", _("repairs what goes wrong")], ["watch", _("only tells")], ["off", _("is off")]]} />`}
    </${Panel}>
  `;
}

function silence(run) {
  if (run?.coach === "off") return _("The coach is off for this run.");
  return run?.state === "finished" ? _("The training was too short for it to look.") : _("It has not looked yet.");
}

const Verdict = ({ verdict }) => html`
  <p class="says">${verdict.what}</p>
  ${verdict.evidence_words && html`<p class="soft"><strong>${_("Seen in:")}</strong> ${verdict.evidence_words}</p>`}
  ${verdict.why && html`<details><summary>${_("Why this happens")}</summary><p class="soft">${verdict.why}</p></details>`}
  ${verdict.advice && !verdict.is_healthy && html`<details><summary>${_("What you can do")}</summary><p class="soft">${verdict.advice}</p></details>`}
`;

// Treatments with their outcomes: an outcome belongs to the last open treatment of its diagnosis, as for the doctor.
function judged(events) {
  const found = [];
  for (const each of events) {
    if (!each.outcome) found.push({ ...each });
    else {
      const ofDiagnosis = found.filter((one) => one.diagnosis === each.diagnosis);
      const treated = ofDiagnosis.findLast((one) => !one.outcome) ?? (each.outcome === "undone" ? ofDiagnosis.at(-1) : null);
      if (treated) Object.assign(treated, { outcome: each.outcome, said: each.text });
    }
  }
  return found;
}

// Undo of the last treatment, or more of it. The coach answers at its next look; until then the request is shown.
function Ask({ run, last }) {
  const [asked, setAsked] = useState("");
  const inForce = last.outcome !== "undone" && last.prescriptions.at(-1)?.kind !== "stop";
  if (run?.coach !== "act" || !OPEN.includes(run.state) || !inForce) return null;
  const ask = async (request) => {
    await post(path`/api/runs/${run.name}/coach`, { request });
    setAsked(last.step);
  };
  if (run.asked || asked === last.step)
    return html`<p class="soft" role="status">${RESTS.includes(run.state) ? _("It does so when the training goes on.") : _("It does so at its next look.")}</p>`;
  return html`<div class="actions">
    <${Button} act=${() => ask("undo")}>${_("Undo this")}</${Button}>
    ${last.has_more && html`<${Button} act=${() => ask("more")}>${_("More of this")}</${Button}>`}
  </div>`;
}

const Treatments = ({ treatments, run }) => html`
  <h3>${_("What it did")}</h3>
  <ol class="treatments">${judged(treatments).slice(-SHOWN).reverse().map((each, place) => {
    const [kind, words] = OUTCOMES[each.outcome] ?? ["", each.outcome];
    return html`<li key=${`${each.step}-${each.diagnosis}-${each.level}`}>
      <p><span class="badge ${kind}">${_(words)}</span><span class="soft number">${_("at {count} pictures", { count: number(each.images_seen) })}</span></p>
      <p>${each.text}</p>${each.said && html`<p class="soft">${each.said}</p>`}
      ${place === 0 && html`<${Ask} run=${run} last=${each} />`}</li>`;
  })}</ol>
`;
