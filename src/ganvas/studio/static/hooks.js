// What pages ask the studio for, as state.
import { useCallback, useEffect, useMemo, useState } from "./html.js";
import { get } from "./api.js";

// Returns {data, error, reload} of an address; null asks for nothing. With `every` milliseconds it asks again and again,
// while the page is looked at.
export function useData(url, every = 0) {
  const [state, setState] = useState({ url: null, data: null, error: null });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    if (!url) return undefined;
    const controller = new AbortController();
    let timer = 0;
    const load = async () => {
      try {
        if (!document.hidden) {
          const data = await get(url, controller.signal);
          setState({ url, data, error: null });
        }
      } catch (error) {
        if (error.name === "AbortError") return;
        setState((before) => ({ url, data: before.url === url ? before.data : null, error }));
      }
      if (every && !controller.signal.aborted) timer = setTimeout(load, every);
    };
    load();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [url, every, turn]);
  const isCurrent = state.url === url;
  return { data: isCurrent ? state.data : null, error: isCurrent ? state.error : null, reload };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

// The parts of the address behind #: "#/watch/people" is ["watch", "people"].
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    window.addEventListener("hashchange", changed);
    changed(); // it may have come before there was a listener
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return useMemo(() => hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded), [hash]);
}

export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · Ganvas` : "Ganvas";
  }, [title]);
}
