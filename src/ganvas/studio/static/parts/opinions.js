// Real pictures beside samples, each with what the discriminator thinks of it; asked for by a button, since it takes seconds.
import { html, useState } from "../html.js";
import { _ } from "../i18n.js";
import { get, path } from "../api.js";
import { Button, Panel, Waiting } from "./basics.js";

export function Opinions({ name }) {
  const [{ found, error, isWaiting }, setState] = useState({});
  const ask = async () => {
    setState({ found, isWaiting: true });
    try {
      setState({ found: await get(path`/api/runs/${name}/opinions`) });
    } catch (problem) {
      setState({ error: problem });
    }
  };
  const logits = found ? [...found.real, ...found.fake].map((each) => each.logit) : [];
  const low = Math.min(...logits);
  const span = Math.max(...logits) - low || 1;
  const row = (title, pictures) => html`
    <div class="opinions"><h3>${title}</h3>
      <ul>${pictures.map((each, index) => html`<${Opinion} key=${index} picture=${each.picture} share=${(each.logit - low) / span} title=${title} />`)}</ul></div>`;
  return html`
    <${Panel} title=${_("Real or generated?")} aside=${html`<${Button} kind="small" act=${ask} disabled=${isWaiting}>${found ? _("Ask again") : _("Ask the discriminator")}</${Button}>`}>
      <p class="soft">${_("The discriminator learns to tell them apart. The fuller a bar, the more real it finds the picture. When both rows look alike to it, the samples have become good.")}</p>
      ${isWaiting && html`<${Waiting} text=${_("Asking it…")} />`}
      ${error && html`<p class="notice" role="status">${error.message || _("The studio does not answer.")}</p>`}
      ${found && html`${row(_("Real"), found.real)}${row(_("Generated"), found.fake)}`}
    </${Panel}>
  `;
}

function Opinion({ picture, share, title }) {
  const words = _("{kind}: {share} of the way to real", { kind: title, share: `${Math.round(100 * share)} %` });
  return html`<li><img src=${`data:image/png;base64,${picture}`} alt=${words} title=${words} /><span class="opinion"><span style=${{ width: `${100 * share}%` }} /></span></li>`;
}
