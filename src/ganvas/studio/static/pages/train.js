// Train: three choices, the plan in plain words, and what is at work.
import { html, useEffect, useMemo, useState } from "../html.js";
import { _, duration, number } from "../i18n.js";
import { post } from "../api.js";
import { link, useData } from "../hooks.js";
import { Button, Choice, Empty, Page, Panel, Waiting, Wrong } from "../parts/basics.js";
import { OptionFields } from "../parts/option-fields.js";
import { TrainingList } from "../parts/training-list.js";

const MINUTES = [2, 10, 30, 120, 480];
const SIZES = [64, 128, 256];
const DEFAULT_MINUTES = 10;

export function Train({ parts: [set] }) {
  return set ? html`<${NewTraining} set=${set} />` : html`<${Overview} />`;
}

function Overview() {
  const { data: sets } = useData("/api/sets");
  return html`
    <${Page} title=${_("Train")} lead=${_("The studio can be closed while a training is at work. It goes on, and is here when you come back.")}>
      <${TrainingList} />
      <${Panel} title=${_("Begin a new one")}>
        ${sets?.length === 0 && html`<${Empty} title=${_("There are no pictures yet")}><a class="button primary" href=${link("pictures")}>${_("Add pictures")}</a></${Empty}>`}
        <ul class="chips">${sets?.map((each) => html`<li key=${each.name}><a class="button" href=${link("train", each.name)}>${each.name}</a></li>`)}</ul>
      </${Panel}>
    </${Page}>
  `;
}

function NewTraining({ set }) {
  const [minutes, setMinutes] = useState(DEFAULT_MINUTES);
  const [size, setSize] = useState("");
  const [conditional, setConditional] = useState(false);
  const [more, setMore] = useState({});
  const { data: trainings } = useData("/api/trainings");
  const [typedName, setName] = useState("");
  const name = typedName || freeName(set, trainings ?? []);
  const options = useMemo(
    () => ({ minutes, ...more, ...(size && { size }), ...(conditional && { conditional }) }),
    [minutes, size, conditional, more],
  );
  const { plan, error, isWaiting } = usePlan(set, options);
  const classes = Object.keys(plan?.classes ?? {});
  const begin = async () => {
    await post("/api/trainings", { name, set, options });
    location.hash = link("watch", name);
  };
  return html`
    <${Page} title=${_("Train on {set}", { set })} back=${{ href: link("pictures", set), text: set }}>
      <div class="two">
        <${Panel}>
          <${Choice} legend=${_("How long?")} name="minutes" value=${options.minutes} onChange=${setMinutes}
            help=${_("It can be paused, and given more time later.")}
            choices=${MINUTES.map((each) => [each, duration(60 * each)])} />
          <${Choice} legend=${_("How large?")} name="size" value=${size} onChange=${setSize}
            help=${_("Larger pictures need more time to become good.")}
            choices=${[["", _("As fits the time")], ...SIZES.map((each) => [`${each}`, _("{size} px", { size: each })])]} />
          ${classes.length > 1 &&
          html`<${Choice} legend=${_("Learn the folders as classes?")} name="classes" value=${conditional} onChange=${setConditional}
            help=${classes.slice(0, 6).join(", ") + (classes.length > 6 ? "…" : "")}
            choices=${[[false, _("No, as one")], [true, _("Yes, each can be drawn")]]} />`}
          <details class="more"><summary>${_("More")}</summary>
            <label>${_("Name")}<input value=${name} onInput=${(event) => setName(event.target.value)} maxlength="60" /></label>
            <${OptionFields} values=${more} onChange=${setMore} leaveOut=${["size", "conditional"]} /></details>
        </${Panel}>
        <${Panel} title=${_("The plan")}>
          <${Wrong} error=${error} />
          ${isWaiting && html`<${Waiting} text=${_("Measuring how fast this machine is…")} />`}
          ${plan?.plan && html`<${Plan} plan=${plan.plan} isOld=${isWaiting} />`}
          ${plan && !plan.plan && html`<ul class="findings">${plan.warnings.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`}
          <div class="actions"><${Button} kind="primary" icon="play" act=${begin} disabled=${!plan?.plan}>${_("Begin")}</${Button}></div>
          ${plan?.plan && html`<${Reasons} plan=${plan.plan} isOld=${isWaiting} />`}
        </${Panel}>
      </div>
    </${Page}>
  `;
}

function freeName(set, trainings) {
  const taken = new Set(trainings.map((each) => each.name));
  let number = 1;
  while (taken.has(number === 1 ? set : `${set} ${number}`)) number += 1;
  return number === 1 ? set : `${set} ${number}`;
}

// The newest question wins; the plan of the one before stays in sight until then.
function usePlan(set, options) {
  const [state, setState] = useState({ plan: null, error: null, isWaiting: true });
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({ ...before, isWaiting: true }));
    const timer = setTimeout(async () => {
      try {
        const plan = await post("/api/plan", { set, options }, controller.signal);
        setState({ plan, error: null, isWaiting: false });
      } catch (error) {
        if (error.name !== "AbortError") setState((before) => ({ ...before, error, isWaiting: false }));
      }
    }, 300);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [set, options]);
  return state;
}

function Plan({ plan, isOld }) {
  return html`
    <div class=${isOld ? "plan old" : "plan"}>
      <p class="headline">${_("{width} × {height} px in {time}", { width: plan.width, height: plan.height, time: duration(60 * plan.minutes) })}</p>
      <p class="soft">${_("About {count} pictures will be seen, {speed} a second.", { count: number(plan.pictures), speed: number(plan.pictures_per_second) })}</p>
    </div>
  `;
}

const Reasons = ({ plan, isOld }) => html`
  <div class=${isOld ? "plan old" : "plan"}>
    <h3>${_("What was decided, and why")}</h3>
    <dl class="facts">
      ${plan.choices.map((each) => html`<div key=${each.what}><dt>${each.label}: ${each.value}</dt><dd>${each.why}</dd></div>`)}
    </dl>
    <p class="soft">${_("Twice the time: {what}.", { what: plan.twice })}</p>
  </div>
`;
