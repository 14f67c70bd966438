// Texts in the user's language. They are marked as in Python, with double quotes: _("{count} pictures", {count}).
let texts = {};
export let language = "en";
export let about = { languages: ["en"], version: "", needs_password: false };

export async function loadTexts() {
  const answer = await fetch("/api/texts");
  about = await answer.json();
  texts = about.texts;
  language = about.language;
  document.documentElement.lang = language;
}

function fill(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole)) : text;
}

export const _ = (text, values) => fill(texts[text]?.[0] ?? text, values);

// For texts in tables at the top of a module: marks them, and returns them as they are; call _ where they are shown.
export const N_ = (text) => text;

export function ngettext(one, many, count, values) {
  const forms = texts[one] ?? [one, many];
  return fill(forms[count === 1 ? 0 : forms.length - 1], { count: number(count), ...values });
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

export const percent = (share) => new Intl.NumberFormat(language, { style: "percent" }).format(share);

// "2 h 5 min", "3 min", "40 s"
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return _("{count} s", { count: whole });
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return _("{count} min", { count: minutes });
  if (minutes % 60 === 0) return _("{count} h", { count: minutes / 60 });
  return _("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
