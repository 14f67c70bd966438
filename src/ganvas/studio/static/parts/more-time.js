// More time for a training that is finished.
import { html, useState } from "../html.js";
import { _, duration } from "../i18n.js";
import { path, post } from "../api.js";
import { Button, Choice, Panel } from "./basics.js";

const MINUTES = [2, 10, 30, 120];

export function MoreTime({ run, onChange }) {
  const [minutes, setMinutes] = useState(10);
  const give = async () => {
    await post(path`/api/trainings/${run.name}/more`, { minutes });
    onChange();
  };
  return html`
    <${Panel}>
      <${Choice} legend=${_("Better with more time?")} name="more" value=${minutes} onChange=${setMinutes}
        help=${_("It goes on from where it stands.")} choices=${MINUTES.map((each) => [each, duration(60 * each)])} />
      <div class="actions"><${Button} icon="clock" act=${give}>${_("Give it more time")}</${Button}></div>
    </${Panel}>
  `;
}
