// The losses over time: those that belong together in one chart, with how to read it.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { _ } from "../i18n.js";
import { ofKind } from "../live.js";
import uPlot from "../vendor/uPlot.mjs";
import { Panel } from "./basics.js";

const HEIGHT = 220; // pixels
const COLORS = ["--accent", "--bad", "--warm", "--good"];

// Charts of run.charts of which there is something to show.
function chartsOf(charts, steps) {
  const known = new Set(steps.flatMap((step) => Object.keys(step.losses)));
  return charts.filter((chart) => chart.losses.some((name) => known.has(name)));
}

export function Losses({ events, run }) {
  const steps = ofKind(events, "Step");
  const charts = useMemo(() => chartsOf(run?.charts ?? [], steps), [run?.charts?.length, events]);
  const [chosen, setChosen] = useState(null);
  const chart = charts.find((each) => each.heading === chosen) ?? charts.find((each) => each.losses.includes("discriminator")) ?? charts[0];
  if (steps.length < 2 || !chart) return null;
  return html`
    <${Panel} title=${_("Losses")}
      aside=${charts.length > 1 && html`<select class="slim" aria-label=${_("Which losses")} value=${chart.heading} onChange=${(event) => setChosen(event.target.value)}>
        ${charts.map((each) => html`<option key=${each.heading} value=${each.heading} selected=${each === chart}>${each.heading}</option>`)}</select>`}>
      <p class="soft">${chart.about}</p>
      <${Chart} key=${chart.heading} names=${chart.losses} steps=${steps} label=${chart.heading} />
    </${Panel}>
  `;
}

function Chart({ names, steps, label }) {
  const place = useRef();
  const plot = useRef();
  const rows = useMemo(
    () => [steps.map((step) => step.seconds / 60), ...names.map((name) => steps.map((step) => (Number.isFinite(step.losses[name]) ? step.losses[name] : null)))],
    [steps.length, names],
  );
  useEffect(() => {
    const element = place.current;
    plot.current = new uPlot(options(names, element), rows, element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [names]);
  useEffect(() => plot.current?.setData(rows), [rows]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${place} />`;
}

// light-dark() as one color, for the canvas
function colors(element) {
  const probe = element.appendChild(document.createElement("i"));
  const found = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const all = Object.fromEntries([...COLORS, "--soft", "--line"].map((name) => [name, found(name)]));
  probe.remove();
  return all;
}

function options(names, element) {
  const color = colors(element);
  const line = { stroke: color["--line"], width: 1 };
  const axis = { stroke: color["--soft"], grid: line, ticks: line, font: "12px system-ui" };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [{ ...axis, values: (_plot, splits) => splits.map((each) => _("{count} min", { count: Number(each.toPrecision(4)) })) }, { ...axis, size: 48 }],
    series: [
      { label: _("Minutes"), value: (_plot, value) => value?.toFixed(1) ?? "" },
      ...names.map((name, index) => ({ label: name.replaceAll("_", " "), stroke: color[COLORS[index % COLORS.length]], width: 2, spanGaps: false, value: (_plot, value) => value?.toPrecision(3) ?? "" })),
    ],
  };
}
