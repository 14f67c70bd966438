// Adding pictures: files, a folder or a zip are dropped or chosen, or a folder on this machine is named.
import { html, useRef, useState } from "../html.js";
import { _, ngettext } from "../i18n.js";
import { path, post, upload } from "../api.js";
import { link } from "../hooks.js";
import { Bar, Button, Wrong } from "./basics.js";
import { Icon } from "./icons.js";

const AT_ONCE = 3; // uploads

// All files of what was dropped, folders too: [path, file].
async function filesOf(items) {
  const found = [];
  const walk = async (entry, prefix) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push([prefix + file.name, file]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!entries.length) return;
      for (const each of entries) await walk(each, `${prefix}${entry.name}/`);
    }
  };
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const isOneFolder = entries.length === 1 && entries[0].isDirectory;
  for (const entry of entries) await walk(entry, "");
  // the folder itself is the set: what lies in it are its pictures and classes
  return isOneFolder ? { name: entries[0].name, files: found.map(([name, file]) => [name.slice(entries[0].name.length + 1), file]) } : { name: "", files: found };
}

const cleaned = (name) => name.replace(/[^\p{L}\p{N} _-]+/gu, " ").trim().slice(0, 60) || _("My pictures");

export function AddPictures({ onAdded }) {
  const [state, setState] = useState(null); // {done, count, refused: [[name, reason]]}
  const [error, setError] = useState(null);
  const [isOver, setOver] = useState(false);
  const [folder, setFolder] = useState("");
  const files = useRef();
  const whole = useRef();

  async function send({ name, files: list }) {
    setError(null);
    const pictures = list.filter(([each]) => !each.split("/").some((part) => part.startsWith(".")));
    if (!pictures.length) return;
    try {
      const zip = pictures.length === 1 && /\.zip$/i.test(pictures[0][0]) && pictures[0][1];
      const set = await newName(name || (zip && zip.name.replace(/\.zip$/i, "")) || "");
      if (zip) await sendZip(set, zip);
      else await sendPictures(set, pictures);
      onAdded();
    } catch (problem) {
      setState(null);
      setError(problem);
    }
  }

  async function newName(wanted) {
    const taken = new Set((await (await fetch("/api/sets")).json()).map((each) => each.name));
    const name = cleaned(wanted);
    let number = 1;
    while (taken.has(number === 1 ? name : `${name} ${number}`)) number += 1;
    return number === 1 ? name : `${name} ${number}`;
  }

  async function sendZip(set, zip) {
    setState({ done: 0, count: 1, refused: [] });
    await upload(path`/api/sets/${set}/zip`, zip, (share) => setState({ done: share, count: 1, refused: [] }));
    finish(set);
  }

  async function sendPictures(set, pictures) {
    await post("/api/sets", { name: set });
    const waiting = [...pictures];
    const refused = [];
    let done = 0;
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        try {
          await upload(`${path`/api/sets/${set}/picture`}?file=${encodeURIComponent(next[0])}`, next[1]);
        } catch (problem) {
          if (problem.status !== 400) throw problem;
          refused.push([next[0], problem.message]);
        }
        done += 1;
        setState({ done, count: pictures.length, refused: [...refused] });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (refused.length) setState({ done, count: pictures.length, refused, set });
    else finish(set);
  }

  function finish(set) {
    setState(null);
    location.hash = link("pictures", set);
  }

  async function name() {
    setError(null);
    try {
      const set = await newName(folder.split(/[/\\]/).filter(Boolean).at(-1)?.replace(/\.\w+$/, "") ?? "");
      await post("/api/sets", { name: set, folder });
      finish(set);
    } catch (problem) {
      setError(problem);
    }
  }

  const chosen = (event) => {
    const list = [...event.target.files];
    const top = list[0]?.webkitRelativePath.split("/")[0] ?? "";
    send({ name: top, files: list.map((file) => [file.webkitRelativePath ? file.webkitRelativePath.slice(top.length + 1) : file.name, file]) });
    event.target.value = "";
  };

  return html`
    <section class=${isOver ? "drop over" : "drop"} aria-label=${_("Add pictures")}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)}
      onDrop=${(event) => { event.preventDefault(); setOver(false); filesOf(event.dataTransfer.items).then(send).catch(setError); }}>
      <div class="drop-face"><${Icon} name="pictures" /></div>
      <div class="drop-text">
        <h2>${_("Drop pictures, a folder or a zip here")}</h2>
        <p class="soft">${_("Sub-folders become classes, if you like. They stay on this machine.")}</p>
      </div>
      <div class="actions">
        <button type="button" class="button primary" onClick=${() => files.current.click()}>${_("Choose files")}</button>
        <button type="button" class="button" onClick=${() => whole.current.click()}>${_("Choose a folder")}</button>
        <input hidden type="file" multiple accept="image/*,.zip" ref=${files} onChange=${chosen} aria-label=${_("Choose files")} />
        <input hidden type="file" webkitdirectory ref=${whole} onChange=${chosen} aria-label=${_("Choose a folder")} />
      </div>
      <form class="name-folder" onSubmit=${(event) => { event.preventDefault(); name(); }}>
        <label><span>${_("Or name a folder or zip on this machine")}</span>
          <input value=${folder} onInput=${(event) => setFolder(event.target.value)} placeholder="/home/me/pictures" spellcheck=${false} /></label>
        <button class="button" disabled=${!folder}>${_("Use it")}</button>
      </form>
      ${state && html`<div class="progress" role="status"><${Bar} share=${state.done / state.count} label=${_("Uploaded")} />
        <p class="soft number">${_("{done} of {count} uploaded", { done: Math.floor(state.done), count: state.count })}</p></div>`}
      ${state?.refused.length > 0 && html`<details open><summary>${ngettext("{count} was not taken", "{count} were not taken", state.refused.length)}</summary>
        <ul class="findings">${state.refused.slice(0, 100).map(([each, why]) => html`<li key=${each}><strong>${each}</strong> <span class="soft">${why}</span></li>`)}</ul>
        ${state.set && html`<a class="button primary" href=${link("pictures", state.set)}>${_("Go on with the others")}</a>`}</details>`}
      <${Wrong} error=${error} />
    </section>
  `;
}
