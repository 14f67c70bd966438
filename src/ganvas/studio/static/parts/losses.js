// The losses over time.
import { html, useEffect, useMemo, useRef } from "../html.js";
import { _ } from "../i18n.js";
import { ofKind } from "../live.js";
import uPlot from "../vendor/uPlot.mjs";
import { Panel } from "./basics.js";

const HEIGHT = 220;
const COLORS = ["--accent", "--bad", "--warm", "--good", "--soft"];

export function Losses({ events }) {
  const steps = ofKind(events, "Step");
  const data = useMemo(() => {
    const names = [...new Set(steps.flatMap((step) => Object.keys(step.losses)))];
    const values = names.map((name) => steps.map((step) => (Number.isFinite(step.losses[name]) ? step.losses[name] : null)));
    return { names, rows: [steps.map((step) => step.seconds / 60), ...values] };
  }, [events]);
  if (steps.length < 2) return null;
  return html`<${Panel} title=${_("Losses")}><${Chart} ...${data} /></${Panel}>`;
}

function Chart({ names, rows }) {
  const place = useRef();
  const plot = useRef();
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const probe = document.body.appendChild(document.createElement("i"));
    const color = (name) => {
      probe.style.color = `var(${name})`; // light-dark() as one color, for the canvas
      return getComputedStyle(probe).color;
    };
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
    plot.current = new uPlot(
      {
        width: place.current.clientWidth,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [{ ...axis, values: (_plot, splits) => splits.map((each) => _("{count} min", { count: each })) }, { ...axis, size: 48 }],
        series: [{ label: _("min"), value: (_plot, value) => value?.toFixed(1) }, ...names.map((name, index) => ({ label: name, stroke: color(COLORS[index % COLORS.length]), width: 1.5, spanGaps: false, value: (_plot, value) => value?.toPrecision(3) ?? "" }))],
      },
      rows,
      place.current,
    );
    probe.remove();
    const observer = new ResizeObserver(() => plot.current.setSize({ width: place.current.clientWidth, height: HEIGHT }));
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, [names.join()]);
  useEffect(() => plot.current?.setData(rows), [rows]);
  return html`<div class="chart" ref=${place} />`;
}
