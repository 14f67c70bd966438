// A run's events: those until now, then live. After a lost connection it goes on at the byte where it was.
import { useEffect, useState } from "./html.js";
import { get, path } from "./api.js";

const MAX_STEPS = 1500; // kept in the page; beyond, every second one is dropped
const SHOW_EVERY = 250; // milliseconds
const AGAIN = 3000; // milliseconds, until a studio that does not answer is asked again

class Live {
  constructor(name, onEvents) {
    this.name = name;
    this.onEvents = onEvents;
    this.all = [];
    this.offset = null; // of the next event, in bytes
    this.isOver = false;
    // A page that nobody looks at keeps no connection: a browser has six to one place, and the studio has less to do.
    this.onVisible = () => (document.hidden ? this.source?.close() : this.follow());
    document.addEventListener("visibilitychange", this.onVisible);
    this.begin();
  }

  async begin() {
    this.source?.close();
    this.offset = null;
    try {
      const history = await get(path`/api/runs/${this.name}/history`);
      if (this.isOver) return;
      this.all = history.events;
      this.offset = history.offset;
      this.show();
      this.follow();
    } catch (problem) {
      if (![401, 404].includes(problem.status)) this.later(() => this.begin());
    }
  }

  follow() {
    this.source?.close();
    if (this.isOver || this.offset === null || document.hidden) return;
    this.source = new EventSource(path`/api/runs/${this.name}/events` + `?offset=${this.offset}`);
    this.source.onmessage = (message) => this.take(JSON.parse(message.data), Number(message.lastEventId));
    this.source.addEventListener("again", () => this.begin());
    this.source.onerror = () => {
      if (this.source.readyState === EventSource.CLOSED) this.later(() => this.follow());
    };
  }

  take(event, offset) {
    const last = this.all.findLast((each) => each.step !== undefined);
    if (event.event === "Started" && last && event.step < last.step) {
      this.begin(); // a killed training takes its last steps again
      return;
    }
    this.offset = offset;
    this.all = [...this.all, event];
    if (this.all.length > 2 * MAX_STEPS && this.all.filter((each) => each.event === "Step").length > MAX_STEPS) {
      this.all = this.all.filter((each, index) => each.event !== "Step" || index % 2);
    }
    this.show();
  }

  show() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      if (!this.isOver) this.onEvents(this.all);
    }, SHOW_EVERY);
  }

  later(what) {
    setTimeout(() => !this.isOver && what(), AGAIN);
  }

  close() {
    this.isOver = true;
    this.source?.close();
    document.removeEventListener("visibilitychange", this.onVisible);
  }
}

export function useRun(name) {
  const [events, setEvents] = useState(null);
  useEffect(() => {
    const live = new Live(name, setEvents);
    return () => live.close();
  }, [name]);
  return { events };
}

export const ofKind = (events, kind) => events?.filter((each) => each.event === kind) ?? [];
export const lastOf = (events, kind) => events?.findLast((each) => each.event === kind);
