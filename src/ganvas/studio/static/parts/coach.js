// What the coach says, on what evidence, and what it did.
import { html } from "../html.js";
import { _, number } from "../i18n.js";
import { lastOf, ofKind } from "../live.js";
import { Panel } from "./basics.js";
import { Icon } from "./icons.js";

const OUTCOMES = { "": ["", () => _("On trial")], helped: ["good", () => _("Helped")], failed: ["bad", () => _("Did not help")], undone: ["bad", () => _("Undone")] };

export function Coach({ events, run }) {
  const verdict = lastOf(events, "Verdict");
  const treatments = ofKind(events, "Treatment");
  return html`
    <${Panel} title=${_("The coach")} aside=${verdict && html`<span class="badge ${verdict.is_healthy ? "good" : "bad"}">${verdict.title}</span>`}>
      ${!verdict && html`<p class="soft">${run?.coach === "off" ? _("The coach is off for this run.") : _("It has not looked yet.")}</p>`}
      ${verdict && html`<p class="says">${verdict.what}</p>
        ${verdict.evidence_words && html`<p class="soft"><strong>${_("Seen in:")}</strong> ${verdict.evidence_words}</p>`}
        ${verdict.why && html`<details><summary>${_("Why this happens")}</summary><p class="soft">${verdict.why}</p></details>`}
        ${verdict.advice && !verdict.is_healthy && html`<details><summary>${_("What you can do")}</summary><p class="soft">${verdict.advice}</p></details>`}`}
      ${treatments.length > 0 &&
      html`<h3>${_("What it did")}</h3>
        <ol class="treatments">${[...treatments].reverse().slice(0, 12).map((each) => {
          const [kind, words] = OUTCOMES[each.outcome] ?? ["", () => each.outcome];
          return html`<li key=${`${each.step}-${each.outcome}-${each.level}`}><span class="badge ${kind}">${words()}</span> ${each.text}
            <span class="soft number">${_("at {count} pictures", { count: number(each.images_seen) })}</span></li>`;
        })}</ol>`}
    </${Panel}>
  `;
}
