// The small parts that all pages are made of.
import { html, useEffect, useRef, useState } from "../html.js";
import { _ } from "../i18n.js";
import { useTitle } from "../hooks.js";
import { Icon } from "./icons.js";

let isFirst = true; // page since the studio was loaded: a browser says by itself where one is then

// A page: its heading gets the focus when another was left for it, so that a screen reader says where one is.
export function Page({ title, lead, back, actions, children, wide }) {
  const heading = useRef();
  useTitle(title);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, [title]);
  return html`
    <div class=${wide ? "page wide" : "page"}>
      <header class="page-head">
        <div>
          ${back && html`<a class="back" href=${back.href}><${Icon} name="back" />${back.text}</a>`}
          <h1 tabindex="-1" ref=${heading}>${title}</h1>
          ${lead && html`<p class="lead">${lead}</p>`}
        </div>
        ${actions && html`<div class="actions">${actions}</div>`}
      </header>
      ${children}
    </div>
  `;
}

export const Panel = ({ title, aside, children, ...rest }) => html`
  <section class="panel" ...${rest}>
    ${title && html`<div class="panel-head"><h2>${title}</h2>${aside}</div>`}
    ${children}
  </section>
`;

// A button; while `act` is under way it cannot be pressed again, and what goes wrong is told.
export function Button({ act, icon, kind = "", children, ...rest }) {
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      tell(error);
    }
    setBusy(false);
  };
  return html`
    <button type="button" class="button ${kind}" disabled=${isBusy || rest.disabled} onClick=${press} ...${rest}>
      ${icon && html`<${Icon} name=${icon} />`}${children}
    </button>
  `;
}

export const Wrong = ({ error }) =>
  error &&
  html`<div class="notice wrong" role="alert"><p>${error.message || _("The studio does not answer.")}</p>${error.hint && html`<p class="soft">${error.hint}</p>`}</div>`;

export const Waiting = ({ text }) => html`<p class="waiting" role="status"><span class="spinner" />${text ?? _("One moment…")}</p>`;

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

export const Bar = ({ share, label }) => html`
  <div class="bar" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(100 * share)}>
    <div style=${{ width: `${100 * Math.min(1, share)}%` }} />
  </div>
`;

// One of a few: radio buttons that look like chips. `choices` are [value, text, what more there is to say].
export function Choice({ legend, help, name, choices, value, onChange }) {
  return html`
    <fieldset class="choice">
      <legend>${legend}</legend>
      ${help && html`<p class="soft">${help}</p>`}
      <div class="chips">
        ${choices.map(
          ([each, text, more]) => html`
            <label class="chip" key=${each}>
              <input type="radio" name=${name} checked=${each === value} onChange=${() => onChange(each)} />
              <span>${text}${more && html`<small>${more}</small>`}</span>
            </label>
          `,
        )}
      </div>
    </fieldset>
  `;
}

let listener = null;

// Tells something for a while, at the foot of the page, to screen readers too.
export function tell(what) {
  listener?.(what);
}

export function Toasts() {
  const [toast, setToast] = useState(null);
  useEffect(() => {
    listener = setToast;
  }, []);
  useEffect(() => {
    if (!toast) return undefined;
    const timer = setTimeout(() => setToast(null), 8000);
    return () => clearTimeout(timer);
  }, [toast]);
  const isError = toast instanceof Error;
  const text = isError ? [toast.message || _("The studio does not answer."), toast.hint].filter(Boolean).join(" ") : toast;
  return html`<div class="toasts" role=${isError ? "alert" : "status"} aria-live="polite">
    ${toast && html`<div class=${isError ? "toast wrong" : "toast"}>${text}<button type="button" class="plain" onClick=${() => setToast(null)} aria-label=${_("Close")}><${Icon} name="close" /></button></div>`}
  </div>`;
}
