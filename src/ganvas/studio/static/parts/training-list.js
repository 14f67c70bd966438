// The trainings, each with its state, and the buttons for what can be done with it.
import { html } from "../html.js";
import { _ } from "../i18n.js";
import { path, post } from "../api.js";
import { link, useData } from "../hooks.js";
import { Button, Panel, Wrong } from "./basics.js";

const POLL = 3000; // milliseconds
const KINDS = { running: "good live", starting: "live", stopping: "live", silent: "bad", broken: "bad", failed: "bad", finished: "good" };

export const State = ({ training }) => html`<span class="badge ${KINDS[training.state] ?? ""}" role="status">${training.words}</span>`;

export function TrainingButtons({ training, coach, onChange }) {
  const act = (what, data) => async () => {
    await post(path`/api/trainings/${training.name}/` + what, data);
    onChange();
  };
  const { state } = training;
  return html`
    ${["running", "silent", "starting"].includes(state) && html`<${Button} icon="pause" act=${act("pause")}>${_("Pause")}</${Button}>`}
    ${state === "waiting" && html`<${Button} icon="close" act=${act("pause")}>${_("Leave the queue")}</${Button}>`}
    ${["paused", "broken"].includes(state) && html`<${Button} kind="primary" icon="play" act=${act("go-on", { coach })}>${_("Go on")}</${Button}>`}
    ${state === "failed" && html`<${Button} icon="play" act=${act("go-on", {})}>${_("Try again")}</${Button}>`}
  `;
}

export function TrainingList() {
  const { data: trainings, error, reload } = useData("/api/trainings", POLL);
  if (error && !trainings) return html`<${Wrong} error=${error} />`;
  if (!trainings?.length) return null;
  return html`
    <${Panel} title=${_("Trainings")}>
      <ul class="trainings">
        ${trainings.map(
          (each) => html`
            <li key=${each.name} class="training">
              <a href=${link("watch", each.name)}><strong>${each.name}</strong></a>
              <${State} training=${each} />
              <span class="actions"><${TrainingButtons} training=${each} onChange=${reload} /></span>
            </li>
          `,
        )}
      </ul>
    </${Panel}>
  `;
}
