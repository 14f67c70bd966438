// A run's events: those until now, then live. After a lost connection it goes on at the byte where it was.
import { useEffect, useState } from "./html.js";
import { get, path } from "./api.js";

const MAX_STEPS = 1500; // kept in the page; beyond, every second of them is dropped

export function useRun(name) {
  const [events, setEvents] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let source = null;
    let all = [];
    let isOver = false;
    let timer = 0;

    const show = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        if (!isOver) setEvents(all);
      }, 250);
    };

    const take = (event) => {
      const last = all.findLast((each) => each.step !== undefined);
      if (event.event === "Started" && last && event.step < last.step) {
        begin(); // a killed training takes its last steps again
        return;
      }
      all = [...all, event];
      if (all.length > 2 * MAX_STEPS && all.filter((each) => each.event === "Step").length > MAX_STEPS) {
        all = all.filter((each, index) => each.event !== "Step" || index % 2);
      }
      show();
    };

    const begin = async () => {
      source?.close();
      try {
        const history = await get(path`/api/runs/${name}/history`);
        if (isOver) return;
        all = history.events;
        show();
        source = new EventSource(path`/api/runs/${name}/events` + `?offset=${history.offset}`);
        source.onmessage = (message) => take(JSON.parse(message.data));
        source.addEventListener("again", begin);
        source.onopen = () => setError(null);
        source.onerror = () => {
          setError(new Error());
          if (source.readyState === EventSource.CLOSED) setTimeout(() => !isOver && begin(), 3000);
        };
      } catch (problem) {
        if (isOver) return;
        setError(problem);
        if (problem.status !== 404 && problem.status !== 401) setTimeout(() => !isOver && begin(), 3000);
      }
    };

    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      source?.close();
    };
  }, [name]);
  return { events, error };
}

export const ofKind = (events, kind) => events?.filter((each) => each.event === kind) ?? [];
export const lastOf = (events, kind) => events?.findLast((each) => each.event === kind);
