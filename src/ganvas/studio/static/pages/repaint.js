// Repaint: a picture in the style of paintings, everywhere or where the brush says; seen from the first second on.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { _, number, percent } from "../i18n.js";
import { get, path, post } from "../api.js";
import { link } from "../hooks.js";
import { Button, Choice, Page, Panel, tell } from "../parts/basics.js";
import { Slider } from "../parts/directions.js";
import { Icon } from "../parts/icons.js";
import { JobProgress, isOver, useJob } from "../parts/jobs.js";
import { COLORS, MaskEditor } from "../parts/mask-editor.js";
import { Picker, pictureOf } from "../parts/picker.js";
import { masksOf, paintedBrushes, picturesOf, restOfMasks } from "../masks.js";

const BEGIN = { content: "builtin/astronaut", styles: ["builtin/starry_night"], strength: 0.4, stroke: 1, colors: "free", size: 512 };
const SIZES = [256, 512, 768, 1024];
const MOST_STYLES = 4;
const PHOTO = -1; // in place of the number of a style

function opened(text) {
  try {
    const { content, styles, strength, stroke, colors, size, masks } = JSON.parse(text ?? "{}");
    const given = Object.entries({ content, styles: styles?.filter(Boolean), strength, stroke, colors, size });
    return { ...BEGIN, ...Object.fromEntries(given.filter(([, value]) => value?.length !== 0 && value !== undefined)), masks: masks?.filter(Boolean) ?? [] };
  } catch {
    return { ...BEGIN, masks: [] };
  }
}

export const Repaint = ({ parts: [start] }) => html`<${OnePainting} key=${start} start=${start} />`;

function OnePainting({ start }) {
  const { masks: oldMasks, ...first } = useMemo(() => opened(start), []);
  const [wanted, setWanted] = useState(restOfMasks(first, oldMasks));
  const [marks, setMarks] = useState([]); // what the brush has done
  const [rest, setRest] = useState(first.styles.at(-1) === first.content && oldMasks.length ? PHOTO : oldMasks.length ? first.styles.length - 1 : PHOTO);
  const [isMasking, setMasking] = useState(oldMasks.length > 0);
  const [shape, setShape] = useState(1); // width for each height of the picture
  const [id, setId] = useState(null);
  const job = useJob(id);
  const set = (name, value) => setWanted((before) => ({ ...before, [name]: value }));
  useEffect(() => {
    get("/api/paintings").then((all) => setId((before) => before ?? all.find((each) => !isOver(each))?.id ?? null)).catch(tell);
    picturesOf(oldMasks).then((found) => found.length && setMarks(found)).catch(tell);
  }, []);
  const begin = async () => {
    const asked = await withMasks(wanted, isMasking ? marks : [], rest, shape);
    setId((await post("/api/paintings", asked)).job);
  };
  const isAtWork = job && !isOver(job);
  return html`
    <${Page} title=${_("Repaint")} wide lead=${_("A picture in the colors and strokes of a painting. The first look comes at once; then it grows finer.")}>
      <div class="repaint">
        <${Stage} wanted=${wanted} job=${job} isMasking=${isMasking} marks=${marks} onMarks=${setMarks} onShape=${setShape} onEdit=${() => setId(null)}>
          <${JobProgress} job=${job} text=${_("Painting")} />
          ${!isAtWork && html`<${Button} kind="primary" icon="brush" act=${begin}>${job ? _("Paint again") : _("Paint")}</${Button}>`}
        </${Stage}>
        <div class="list">
          <${Panel}>
            <${Chosen} title=${_("The picture")} id=${wanted.content} onChange=${(content) => { set("content", content); setMarks([]); setId(null); }} />
            <div class="list"><h2>${wanted.styles.length > 1 ? _("The paintings") : _("The painting")}</h2>
              <${Styles} styles=${wanted.styles} isMasking=${isMasking} onChange=${(styles) => set("styles", styles)} /></div>
            <${Slider} label=${_("Strength")} help=${_("Left: the picture itself. Right: nothing but the painting.")} value=${wanted.strength} least=${0.05} most=${0.95} step=${0.05} onChange=${(value) => set("strength", value)} text=${percent} />
            <${Slider} label=${_("Size of the strokes")} value=${wanted.stroke} least=${0.25} most=${2} step=${0.05} onChange=${(value) => set("stroke", value)} text=${(value) => _("× {factor}", { factor: number(value, 2) })} />
            <${Choice} legend=${_("Colors")} name="colors" value=${wanted.colors} onChange=${(value) => set("colors", value)}
              choices=${[["free", _("of the painting")], ["luma", _("of the picture")], ["covariance", _("in between")]]} />
            <${Choice} legend=${_("Size")} name="size" value=${wanted.size} onChange=${(value) => set("size", value)} choices=${SIZES.map((each) => [each, _("{size} px", { size: each })])} />
            <label class="check"><input type="checkbox" checked=${isMasking} onChange=${(event) => { setMasking(event.target.checked); setId(null); }} />${_("Only where I paint")}</label>
            ${isMasking && html`<label>${_("Everywhere else")}<select value=${rest} onChange=${(event) => setRest(Number(event.target.value))}>
              <option value=${PHOTO}>${_("the picture as it is")}</option>
              ${wanted.styles.map((_each, index) => html`<option key=${index} value=${index}>${_("painting {number}", { number: index + 1 })}</option>`)}</select></label>`}
          </${Panel}>
        </div>
      </div>
    </${Page}>
  `;
}

// The picture, the mask on it, or the painting as far as it is.
function Stage({ wanted, job, isMasking, marks, onMarks, onShape, onEdit, children }) {
  const [isBefore, setBefore] = useState(false);
  const measured = (event) => onShape(event.target.naturalWidth / event.target.naturalHeight);
  const source = pictureOf(wanted.content, 1024);
  if (isMasking && !job) return html`<${MaskEditor} source=${source} brushes=${wanted.styles} marks=${marks} onMarks=${onMarks} onLoad=${measured}>${children}</${MaskEditor}>`;
  const isPainted = job?.name && !isBefore;
  return html`
    <figure class="stage">
      <div class="stage-picture">
        ${isPainted ? html`<img key="painted" src=${`${path`/api/made/${job.name}/file`}?v=${job.version}`} alt=${_("The painting as far as it is")} />`
          : html`<img key="before" src=${source} alt=${_("The picture that is painted")} onLoad=${measured} />`}
      </div>
      <div class="actions">${children}
        ${job?.name && html`<button type="button" class="button" aria-pressed=${isBefore} onClick=${() => setBefore(!isBefore)}>${_("Show the picture before")}</button>`}
        ${isMasking && isOver(job) && html`<${Button} icon="brush" act=${async () => onEdit()}>${_("Change the mask")}</${Button}>`}
        ${job?.name && isOver(job) && html`<a class="button" href=${link("gallery", job.name)}><${Icon} name="gallery" />${_("See it in the gallery")}</a>`}
      </div>
    </figure>
  `;
}

function Chosen({ title, id, onChange }) {
  return html`<div class="list"><h2>${title}</h2>
    <div class="chosen"><img src=${pictureOf(id)} alt="" /><${Picker} title=${title} onPick=${onChange}>${_("Choose another")}</${Picker}></div></div>`;
}

function Styles({ styles, isMasking, onChange }) {
  return html`
    <ol class="styles">
      ${styles.map((id, index) => html`
        <li key=${`${id}-${index}`} class="chosen">
          <img src=${pictureOf(id)} alt="" style=${isMasking ? { outline: `4px solid ${COLORS[index]}` } : {}} />
          <${Picker} title=${_("The painting")} onPick=${(picked) => onChange(styles.with(index, picked))}>${_("Choose another")}</${Picker}>
          ${styles.length > 1 && html`<button type="button" class="plain" aria-label=${_("Remove painting {number}", { number: index + 1 })} onClick=${() => onChange(styles.filter((_each, other) => other !== index))}><${Icon} name="close" /></button>`}
        </li>`)}
    </ol>
    ${styles.length < MOST_STYLES && html`<${Picker} title=${_("Another painting")} kind="small" onPick=${(picked) => onChange([...styles, picked])}>${_("Add a painting")}</${Picker}>`}
  `;
}

// The settings as the studio takes them: styles with a mask first, and behind them what belongs everywhere else.
async function withMasks(wanted, marks, rest, shape) {
  const painted = paintedBrushes(marks).filter((brush) => brush !== rest && brush < wanted.styles.length);
  if (!marks.length) return wanted;
  const last = rest === PHOTO ? wanted.content : wanted.styles[rest];
  if (!painted.length) {
    if (rest === PHOTO) throw new Error(_("Nothing is painted on yet: paint on the picture where the painting belongs."));
    return { ...wanted, styles: [last] };
  }
  const masks = await masksOf(marks, painted, shape);
  return { ...wanted, styles: [...painted.map((brush) => wanted.styles[brush]), last], masks };
}
