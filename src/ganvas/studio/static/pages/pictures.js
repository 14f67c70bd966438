// Pictures: sets of pictures, and one set with what is in it.
import { html, useState, useEffect } from "../html.js";
import { _, ngettext, number } from "../i18n.js";
import { get, path, post } from "../api.js";
import { link, useData } from "../hooks.js";
import { Button, Empty, Page, Panel, Waiting, Wrong, tell } from "../parts/basics.js";
import { AddPictures } from "../parts/add-pictures.js";

const SHOWN = 60; // pictures at once
export const thumbnail = (set, picture) => `${path`/api/sets/${set}/thumbnail`}?picture=${encodeURIComponent(picture)}`;

export function Pictures({ parts: [name] }) {
  return name ? html`<${OneSet} name=${name} />` : html`<${AllSets} />`;
}

function AllSets() {
  const { data: sets, error, reload } = useData("/api/sets");
  return html`
    <${Page} title=${_("Pictures")} lead=${_("What the training learns from. A few hundred that belong together are a good beginning.")}>
      <${Wrong} error=${error} />
      ${!sets && !error && html`<${Waiting} />`}
      ${sets?.length > 0 && html`<ul class="cards">${sets.map((set) => html`<${SetCard} key=${set.name} set=${set} />`)}</ul>`}
      <${AddPictures} onAdded=${reload} />
    </${Page}>
  `;
}

function SetCard({ set }) {
  const { data } = useData(set.is_there ? `${path`/api/sets/${set.name}/pictures`}?count=4` : null);
  return html`
    <li>
      <a class="card" href=${link("pictures", set.name)}>
        <div class="mosaic">${data?.names.map((name) => html`<img key=${name} src=${thumbnail(set.name, name)} alt="" loading="lazy" />`)}</div>
        <div class="card-text"><h2>${set.name}</h2>
          <p class="soft">${set.is_there ? (set.is_uploaded ? _("Uploaded") : set.path) : _("It is no longer at {path}", { path: set.path })}</p></div>
      </a>
    </li>
  `;
}

function OneSet({ name }) {
  const [pictures, setPictures] = useState(null);
  const [error, setError] = useState(null);
  const { data: found, error: problem, reload } = useData(path`/api/sets/${name}/inspection`);
  const load = async (first) => {
    const more = await get(`${path`/api/sets/${name}/pictures`}?first=${first}&count=${SHOWN}`);
    setPictures((before) => ({ names: first ? [...before.names, ...more.names] : more.names, leftOut: new Set(more.left_out), isAll: more.names.length < SHOWN }));
  };
  useEffect(() => {
    load(0).catch(setError);
  }, [name]);
  const toggle = async (picture) => {
    const answer = await post(path`/api/sets/${name}/left-out`, { pictures: [picture], out: !pictures.leftOut.has(picture) });
    setPictures((before) => ({ ...before, leftOut: new Set(answer.left_out) }));
  };
  const isUsable = found && found.usable >= 16;
  return html`
    <${Page} title=${name} back=${{ href: link("pictures"), text: _("All sets") }} wide
      lead=${found && ngettext("{count} picture", "{count} pictures", found.usable) + ` · ${found.width} × ${found.height} px`}
      actions=${isUsable && html`<a class="button primary" href=${link("train", name)}>${_("Train on these")}</a>`}>
      <${Wrong} error=${error ?? problem} />
      ${!found && !problem && html`<${Panel}><${Waiting} text=${_("Looking at each picture…")} /></${Panel}>`}
      ${found && html`<${Findings} found=${found} />`}
      ${pictures &&
      html`<section class="list" aria-label=${_("Pictures")}>
        <p class="soft">${_("A click leaves a picture out of the training. Nothing is deleted.")} ${pictures.leftOut.size > 0 && html`<strong>${ngettext("{count} is left out.", "{count} are left out.", pictures.leftOut.size)}</strong>`}</p>
        <ul class="thumbnails">
          ${pictures.names.map((each) => html`<${Thumbnail} key=${each} set=${name} name=${each} isOut=${pictures.leftOut.has(each)} onToggle=${toggle} />`)}
        </ul>
        ${!pictures.isAll && html`<${Button} act=${() => load(pictures.names.length)}>${_("Show more")}</${Button}>`}
      </section>`}
    </${Page}>
  `;
}

function Thumbnail({ set, name, isOut, onToggle }) {
  const [isBroken, setBroken] = useState(false);
  return html`
    <li>
      <button type="button" class="thumbnail" aria-pressed=${isOut} title=${name} onClick=${() => onToggle(name).catch(tell)}
        aria-label=${_("Leave out {name}", { name })}>
        ${isBroken ? html`<span class="broken">${_("Cannot be read")}</span>` : html`<img src=${thumbnail(set, name)} alt="" loading="lazy" onError=${() => setBroken(true)} />`}
      </button>
    </li>
  `;
}

function Findings({ found }) {
  return html`
    <${Panel} title=${_("What was found")}>
      ${found.warnings.length === 0 && html`<p>${_("Nothing is wrong with them.")}</p>`}
      <ul class="findings">${found.warnings.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
      ${found.broken.length > 0 &&
      html`<details><summary>${ngettext("{count} file cannot be used", "{count} files cannot be used", found.broken_count)}</summary>
        <ul class="findings">${found.broken.map((each) => html`<li key=${each.name}><strong>${each.name}</strong> <span class="soft">${each.reason}</span></li>`)}</ul></details>`}
      ${found.duplicate_examples.length > 0 &&
      html`<details><summary>${_("Which are copies of each other")}</summary>
        <ul class="findings">${found.duplicate_examples.map((names) => html`<li key=${names[0]}>${names.join(" = ")}</li>`)}</ul></details>`}
    </${Panel}>
  `;
}
