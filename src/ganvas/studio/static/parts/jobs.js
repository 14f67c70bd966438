// Something that is being made by a process of its own: asked after until it is over.
import { html, useEffect, useState } from "../html.js";
import { _, percent } from "../i18n.js";
import { get, path, post } from "../api.js";
import { Bar, Button, Waiting } from "./basics.js";

const POLL = 800; // milliseconds
export const isOver = (job) => job && !["running", "stopping"].includes(job.state);

// Returns how a job is; null before that is known, or without one. `onOver` is called once, when it has just ended.
export function useJob(id, onOver) {
  const [job, setJob] = useState(null);
  useEffect(() => {
    setJob(null);
    if (!id) return undefined;
    let timer = 0;
    let isGone = false;
    let wasAtWork = false;
    const look = async () => {
      try {
        const found = await get(path`/api/jobs/${id}`);
        if (isGone) return;
        setJob(found);
        if (isOver(found)) {
          if (wasAtWork) onOver?.(found);
          return;
        }
        wasAtWork = true;
      } catch (error) {
        if (isGone || error.status === 404) return;
      }
      timer = setTimeout(look, POLL);
    };
    look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return job?.id === id ? job : null;
}

const share = (job) => job.share ?? 0;

export function JobProgress({ job, text, canStop = true }) {
  if (!job) return null;
  if (job.state === "failed") return html`<div class="notice wrong" role="alert"><p>${job.message}</p></div>`;
  if (isOver(job)) return null;
  const stop = () => post(path`/api/jobs/${job.id}/stop`);
  return html`
    <div class="job">
      ${job.share === null ? html`<${Waiting} text=${text} />` : html`<div class="progress"><${Bar} share=${share(job)} label=${text} /><p class="soft number">${text} · ${percent(share(job))}</p></div>`}
      ${canStop && html`<${Button} kind="small" icon="close" disabled=${job.state === "stopping"} act=${stop}>${job.state === "stopping" ? _("Stopping…") : _("Stop")}</${Button}>`}
    </div>
  `;
}
