// A picture is chosen: uploaded, of those chosen before, of the gallery, of a set, or a sample of a run.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { _ } from "../i18n.js";
import { path, post, upload } from "../api.js";
import { useData } from "../hooks.js";
import { useDrawn } from "../draw.js";
import { seed } from "../points.js";
import { Choice, Waiting, Wrong } from "./basics.js";
import { Icon } from "./icons.js";

const SAMPLES = 12;
export const pictureOf = (id, side = 256) => `/api/sources/picture?id=${encodeURIComponent(id)}&side=${side}`;

// The button that opens the choice; `onPick` gets an id.
export function Picker({ title, onPick, kind = "", children }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <button type="button" class="button ${kind}" aria-haspopup="dialog" onClick=${() => setOpen(true)}>${children}</button>
    ${isOpen && html`<${Dialog} title=${title} onClose=${() => setOpen(false)} onPick=${(id) => { setOpen(false); onPick(id); }} />`}
  `;
}

function Dialog({ title, onClose, onPick }) {
  const dialog = useRef();
  const [place, setPlace] = useState("chosen");
  const [error, setError] = useState(null);
  useEffect(() => dialog.current.showModal(), []);
  const pick = async (found) => {
    try {
      onPick(await found);
    } catch (problem) {
      setError(problem);
    }
  };
  const Place = PLACES[place];
  return html`
    <dialog class="picker" ref=${dialog} aria-label=${title} onClose=${onClose} onClick=${(event) => event.target === dialog.current && dialog.current.close()}>
      <div class="picker-inside">
        <div class="panel-head"><h2>${title}</h2><button type="button" class="plain" aria-label=${_("Close")} onClick=${() => dialog.current.close()}><${Icon} name="close" /></button></div>
        <${Choice} legend=${html`<span class="hidden">${_("From where?")}</span>`} name="place" value=${place} onChange=${setPlace}
          choices=${[["chosen", _("Yours")], ["gallery", _("Gallery")], ["sets", _("Sets")], ["samples", _("Samples")]]} />
        <${Wrong} error=${error} />
        <${Place} pick=${pick} />
      </div>
    </dialog>
  `;
}

const PLACES = { chosen: Chosen, gallery: FromGallery, sets: FromSets, samples: FromRuns };

const Grid = ({ items }) => html`
  <ul class="thumbnails">
    ${items.map(({ key, title, source, act }) => html`<li key=${key}><button type="button" class="thumbnail" aria-label=${title} title=${title} onClick=${act}>${source && html`<img src=${source} alt="" loading="lazy" />`}</button></li>`)}
  </ul>
`;

function Chosen({ pick }) {
  const { data } = useData("/api/sources");
  const files = useRef();
  const [isSending, setSending] = useState(false);
  const send = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    setSending(true);
    await pick(upload(`/api/sources?file=${encodeURIComponent(file.name)}`, file).then(({ id }) => id));
    setSending(false);
  };
  return html`
    <div class="actions"><button type="button" class="button primary" disabled=${isSending} onClick=${() => files.current.click()}><${Icon} name="plus" />${_("Upload a picture")}</button>
      <input class="hidden" type="file" accept="image/*" tabindex="-1" ref=${files} onChange=${send} aria-label=${_("Upload a picture")} /></div>
    ${isSending && html`<${Waiting} />`}
    <${Grid} items=${(data ?? []).map(({ id, title }) => ({ key: id, title, source: pictureOf(id), act: () => pick(id) }))} />
  `;
}

function FromGallery({ pick }) {
  const { data } = useData("/api/made");
  const shown = data?.items.filter((each) => !each.is_film) ?? [];
  if (data && !shown.length) return html`<p class="soft">${_("There is nothing in the gallery yet.")}</p>`;
  return html`<${Grid} items=${shown.map(({ name, title }) => ({ key: name, title, source: path`/api/made/${name}/thumbnail`, act: () => pick(`made/${name}`) }))} />`;
}

function FromSets({ pick }) {
  const { data: sets } = useData("/api/sets");
  const [chosen, setChosen] = useState("");
  const name = chosen || sets?.[0]?.name;
  const { data } = useData(name ? `${path`/api/sets/${name}/pictures`}?count=60` : null);
  if (sets && !sets.length) return html`<p class="soft">${_("There are no pictures yet")}</p>`;
  const take = (picture) => pick(post("/api/sources", { set: name, picture }).then(({ id }) => id));
  return html`
    <label>${_("Set")}<select value=${name} onChange=${(event) => setChosen(event.target.value)}>${sets?.map((each) => html`<option key=${each.name} value=${each.name}>${each.name}</option>`)}</select></label>
    <${Grid} items=${(data?.names ?? []).map((each) => ({ key: each, title: each, source: `${path`/api/sets/${name}/thumbnail`}?picture=${encodeURIComponent(each)}`, act: () => take(each) }))} />
  `;
}

function FromRuns({ pick }) {
  const { data: runs } = useData("/api/explore");
  const [chosen, setChosen] = useState("");
  const name = chosen || runs?.[0]?.name;
  if (runs && !runs.length) return html`<p class="soft">${_("Nothing has been trained yet")}</p>`;
  return html`
    <label>${_("Training")}<select value=${name} onChange=${(event) => setChosen(event.target.value)}>${runs?.map((each) => html`<option key=${each.name} value=${each.name}>${each.name}</option>`)}</select></label>
    ${name && html`<${Samples} key=${name} run=${name} pick=${pick} />`}
  `;
}

function Samples({ run, pick }) {
  const points = useMemo(() => Array.from({ length: SAMPLES }, (_each, index) => seed(index)), []);
  const { urls, error } = useDrawn(run, points, 1);
  const keep = (point) => pick(post(path`/api/explore/${run}/keep`, { point }).then(({ name }) => `made/${name}`));
  return html`<${Wrong} error=${error} />
    <${Grid} items=${points.map((point, index) => ({ key: index, title: _("Seed {seed}", point), source: urls[index], act: () => keep(point) }))} />`;
}
