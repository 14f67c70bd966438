// Gallery: everything that was made, the newest first; one thing large, with how it was made, and what can be done with it.
import { html, useEffect, useState } from "../html.js";
import { _, ngettext, number } from "../i18n.js";
import { get, path, post } from "../api.js";
import { link, useData } from "../hooks.js";
import { Button, Choice, Empty, Page, Panel, Waiting, Wrong, tell } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { Film } from "../parts/pins.js";

const KINDS = [
  ["", () => _("Everything")],
  ["sample", () => _("Samples")],
  ["mix", () => _("Mixes")],
  ["painting", () => _("Paintings")],
  ["film", () => _("Films")],
  ["other", () => _("Others")],
];

export const Gallery = ({ parts: [name] }) => (name ? html`<${OneThing} key=${name} name=${name} />` : html`<${AllThings} />`);

let deleted = null; // {ids, names}: what an undo brings back, also after the page of the thing is left

function Undo({ onUndone }) {
  const [last, setLast] = useState(deleted);
  if (!last) return null;
  const undo = async () => {
    await post("/api/made/restore", { names: last.ids });
    deleted = null;
    setLast(null);
    onUndone();
  };
  return html`<div class="notice undo" role="status"><p>${_("“{name}” is in the trash.", { name: last.name })}</p><${Button} kind="small" icon="undo" act=${undo}>${_("Undo")}</${Button}></div>`;
}

function AllThings() {
  const [kind, setKind] = useState("");
  const [items, setItems] = useState(null);
  const [about, setAbout] = useState(null);
  const [error, setError] = useState(null);
  const load = async (first) => {
    const found = await get(`/api/made?kind=${kind}&first=${first}`);
    setItems((before) => (first ? [...before, ...found.items] : found.items));
    setAbout(found);
  };
  const reload = () => load(0).catch(setError);
  useEffect(() => {
    reload();
  }, [kind]);
  const kinds = KINDS.filter(([each]) => !each || about?.counts[each]);
  const isEmpty = about && !Object.keys(about.counts).length;
  const empty = async () => {
    await post("/api/made/empty-trash");
    deleted = null;
    reload();
    tell(_("The trash is empty."));
  };
  return html`
    <${Page} title=${_("Gallery")} lead=${_("Everything that was made here, and how.")} wide>
      <${Wrong} error=${error} />
      <${Undo} onUndone=${reload} />
      ${!items && !error && html`<${Waiting} />`}
      ${isEmpty && html`<${Empty} title=${_("Nothing has been made yet")}><p>${_("Keep a picture in Explore, make a film, or repaint one.")}</p>
        <div class="actions"><a class="button" href=${link("explore")}>${_("Explore")}</a><a class="button" href=${link("repaint")}>${_("Repaint")}</a></div></${Empty}>`}
      ${kinds.length > 2 && html`<${Choice} legend=${html`<span class="hidden">${_("What is shown")}</span>`} name="kind" value=${kind} onChange=${setKind}
        choices=${kinds.map(([each, text]) => [each, text()])} />`}
      ${items && html`<ul class="gallery">${items.map((each) => html`<${Thing} key=${each.name} item=${each} />`)}</ul>`}
      ${items && about && items.length < about.count && html`<div><${Button} act=${() => load(items.length)}>${_("Show more")}</${Button}></div>`}
      ${about?.trash.length > 0 && html`<${Trash} trash=${about.trash} onEmpty=${empty} onRestored=${reload} />`}
    </${Page}>
  `;
}

function Trash({ trash, onEmpty, onRestored }) {
  const restore = async (id) => {
    await post("/api/made/restore", { names: [id] });
    if (deleted?.ids.includes(id)) deleted = null;
    onRestored();
  };
  return html`
    <details><summary>${ngettext("{count} thing in the trash", "{count} things in the trash", trash.length)}</summary>
      <p class="soft">${_("It is removed for good 30 days after it was deleted.")}</p>
      <ul class="trash">${trash.map(({ id, name }) => html`<li key=${id}><span>${name}</span><${Button} kind="small" icon="undo" act=${() => restore(id)}>${_("Bring back")}</${Button}></li>`)}</ul>
      <${Button} kind="small" icon="trash" act=${onEmpty}>${_("Empty the trash")}</${Button}></details>
  `;
}

const Thing = ({ item }) => html`
  <li>
    <a class="thing" href=${link("gallery", item.name)} aria-label=${item.kind === "film" ? _("{name}, a film", { name: item.title }) : item.title}>
      ${item.is_film
        ? html`<video src=${`${path`/api/made/${item.name}/file`}?v=${item.version}`} preload="metadata" muted loop playsinline tabindex="-1" onMouseEnter=${(event) => event.target.play().catch(() => {})} onMouseLeave=${(event) => event.target.pause()} />`
        : html`<img src=${path`/api/made/${item.name}/thumbnail` + `?v=${item.version}`} alt="" loading="lazy" />`}
      ${item.kind === "film" && html`<span class="moves"><${Icon} name="play" /></span>`}
      <span class="thing-text" aria-hidden="true">${item.title}</span>
    </a>
  </li>
`;

const address = ({ page, run, ...settings }) => (page === "explore" ? link(page, run, JSON.stringify(settings)) : link(page, JSON.stringify(settings)));

function OneThing({ name }) {
  const { data: thing, error } = useData(path`/api/made/${name}`);
  const [isLarge, setLarge] = useState(false);
  const remove = async () => {
    const { deleted: ids } = await post("/api/made/delete", { names: [name] });
    deleted = { ids, name: thing.title };
    location.hash = link("gallery");
  };
  const source = thing && `${path`/api/made/${name}/file`}?v=${thing.version}`;
  const isPicture = thing && !thing.is_film;
  return html`
    <${Page} title=${thing?.title ?? name} back=${{ href: link("gallery"), text: _("Gallery") }} wide>
      <${Wrong} error=${error} />
      ${!thing && !error && html`<${Waiting} />`}
      ${thing && html`
        <div class="shown">
          <figure class=${isLarge ? "stage large" : "stage"}>
            <div class="stage-picture">${isPicture ? html`<img src=${source} alt=${thing.title} onLoad=${(event) => setLarge(event.target.naturalWidth > 400)} />` : html`<${Film} name=${name} version=${thing.version} />`}</div>
          </figure>
          <div class="list">
            <div class="actions">
              ${thing.again.page && html`<a class="button primary" href=${address(thing.again)}>${_("Again, with other settings")}</a>`}
              ${isPicture && thing.again.page !== "repaint" && html`<a class="button" href=${link("repaint", JSON.stringify({ content: `made/${name}` }))}><${Icon} name="repaint" />${_("Repaint")}</a>`}
              <a class="button" href=${`${path`/api/made/${name}/file`}?download=true`} download=${name}><${Icon} name="download" />${_("Download")}</a>
              <${Button} icon="trash" act=${remove}>${_("Delete")}</${Button}>
            </div>
            <${Panel} title=${_("How it was made")}>
              ${thing.lines.length === 0 && html`<p class="soft">${_("Its file does not say.")}</p>`}
              <dl class="how">${thing.lines.map(([what, text]) => html`<div key=${what}><dt>${what}</dt><dd>${text}</dd></div>`)}
                <div><dt>${_("Made")}</dt><dd>${new Date(1000 * thing.time).toLocaleString(document.documentElement.lang)}</dd></div>
                <div><dt>${_("File")}</dt><dd class="number">${_("{count} kB", { count: number(thing.bytes / 1024) })}</dd></div></dl>
            </${Panel}>
          </div>
        </div>`}
    </${Page}>
  `;
}
