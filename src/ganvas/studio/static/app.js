// The studio's page: the frame with its navigation, and the page that the address names.
import { html, render, useEffect, useState } from "./html.js";
import { _, about, language, loadTexts } from "./i18n.js";
import { post } from "./api.js";
import { link, useRoute } from "./hooks.js";
import { Toasts } from "./parts/basics.js";
import { Icon } from "./parts/icons.js";
import { Enter } from "./pages/enter.js";
import { PAGES } from "./pages/index.js";

const LANGUAGE_NAMES = { en: "English", id: "Bahasa Indonesia" };

function Navigation({ here }) {
  return html`
    <nav class="navigation" aria-label=${_("Pages")}>
      ${PAGES.map(
        ({ name, title }) => html`
          <a key=${name} href=${link(name)} aria-current=${name === here ? "page" : undefined}>
            <${Icon} name=${name} /><span>${_(title)}</span>
          </a>
        `,
      )}
    </nav>
  `;
}

function Languages() {
  const choose = async (event) => {
    await post("/api/language", { language: event.currentTarget.value });
    location.reload();
  };
  return html`
    <label class="languages">
      <span class="hidden">${_("Language")}</span>
      <select value=${language} onChange=${choose}>
        ${about.languages.map((code) => html`<option key=${code} value=${code} selected=${code === language}>${LANGUAGE_NAMES[code]}</option>`)}
      </select>
    </label>
  `;
}

// Whether an event has come, and since then not the one that ends it.
function useHappened(event, end) {
  const [has, setHas] = useState(false);
  useEffect(() => {
    const begin = () => setHas(true);
    const stop = () => setHas(false);
    window.addEventListener(event, begin);
    if (end) window.addEventListener(end, stop);
    return () => {
      window.removeEventListener(event, begin);
      if (end) window.removeEventListener(end, stop);
    };
  }, []);
  return has;
}

function Studio() {
  const [name = "pictures", ...parts] = useRoute();
  const found = PAGES.find((each) => each.name === name) ?? PAGES[0];
  const isClosed = useHappened("studio-closed");
  const isSilent = useHappened("studio-silent", "studio-answers");
  if (isClosed || location.pathname === "/enter") return html`<main id="main" class="alone"><${Enter} /></main>`;
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.querySelector("#main h1")?.focus(); }}>${_("To the page")}</a>
    <header class="top">
      <a class="brand" href="#/pictures"><span class="mark" aria-hidden="true" />Ganvas</a>
      <${Languages} />
    </header>
    <${Navigation} here=${found.name} />
    ${isSilent && html`<p class="silent" role="status">${_("The studio is not there just now. Trainings go on without it; what you see is what was known last.")}</p>`}
    <main id="main"><${found.page} key=${found.name} parts=${parts} /></main>
    <${Toasts} />
  `;
}

await loadTexts();
render(html`<${Studio} />`, document.getElementById("app"));
