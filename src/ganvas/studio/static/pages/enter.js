// What is shown to whoever has not come in: the way in.
import { html, useState } from "../html.js";
import { _, about } from "../i18n.js";
import { post } from "../api.js";
import { Wrong } from "../parts/basics.js";

export function Enter() {
  const [error, setError] = useState(null);
  const enter = async (event) => {
    event.preventDefault();
    try {
      await post("/api/enter", { password: new FormData(event.target).get("password") });
      location.replace("/");
    } catch (problem) {
      setError(problem);
    }
  };
  if (!about.needs_password) {
    return html`<div class="enter"><span class="mark" aria-hidden="true" />
      <h1>${_("Open the studio by its link")}</h1>
      <p class="lead">${_("The studio printed a link where it was started. It opens for whoever has that link.")}</p>
      <p class="soft">${_("If it was closed and opened again, there is a new link: ganvas studio")}</p></div>`;
  }
  return html`<form class="enter" onSubmit=${enter}><span class="mark" aria-hidden="true" />
    <h1>${_("The studio")}</h1>
    <label>${_("Password")}<input type="password" name="password" autocomplete="current-password" required autofocus /></label>
    <${Wrong} error=${error} />
    <button class="button primary">${_("Come in")}</button></form>`;
}
