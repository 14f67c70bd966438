// The options of a training behind "more": fields made of what the studio says of them.
import { html } from "../html.js";
import { _ } from "../i18n.js";
import { useData } from "../hooks.js";

export function OptionFields({ values, onChange, leaveOut }) {
  const { data: groups } = useData("/api/options");
  const set = (name, value) => {
    const { [name]: _old, ...others } = values;
    onChange(value === "" || value === null ? others : { ...others, [name]: value });
  };
  return groups?.map(({ title, fields }) => {
    const shown = fields.filter((field) => !leaveOut.includes(field.name));
    return shown.length > 0 && html`<fieldset class="options" key=${title}><legend>${title}</legend>
      ${shown.map((field) => html`<${Field} key=${field.name} field=${field} value=${values[field.name]} onChange=${(value) => set(field.name, value)} />`)}</fieldset>`;
  });
}

function Field({ field, value, onChange }) {
  return html`<label class="option">${field.label}<span class="soft">${field.help}</span><${Input} field=${field} value=${value} onChange=${onChange} /></label>`;
}

function Input({ field, value, onChange }) {
  const byDefault = _("As planned: {value}", { value: field.default });
  if (field.kind === "choice" || field.kind === "several") {
    const read = (word) => (word && field.kind === "several" ? [word] : word);
    return html`<select value=${value ?? ""} onChange=${(event) => onChange(read(event.target.value))}>
      <option value="">${byDefault}</option>${field.choices.map((word) => html`<option key=${word} value=${word}>${word}</option>`)}</select>`;
  }
  if (field.kind === "yes-no") {
    return html`<select value=${value ? "yes" : ""} onChange=${(event) => onChange(event.target.value ? true : null)}>
      <option value="">${byDefault}</option><option value="yes">${_("yes")}</option></select>`;
  }
  const isNumber = field.kind === "number";
  return html`<input type=${isNumber ? "number" : "text"} value=${value ?? ""} placeholder=${byDefault} min=${field.least} max=${field.most} step=${field.whole ? 1 : "any"}
    onChange=${(event) => onChange(isNumber && event.target.value ? Number(event.target.value) : event.target.value)} />`;
}
