// Runs as cards, each with its newest samples.
import { html } from "../html.js";
import { path } from "../api.js";
import { link } from "../hooks.js";

export const RunCards = ({ runs, to }) => html`
  <ul class="cards">
    ${runs?.map(
      ({ name, sheet }) => html`
        <li key=${name}>
          <a class="card" href=${link(to, name)}>
            <div class="sheet">${sheet && html`<img src=${path`/api/runs/${name}/samples/${sheet}`} alt="" loading="lazy" />`}</div>
            <div class="card-text"><h2>${name}</h2></div>
          </a>
        </li>
      `,
    )}
  </ul>
`;
