// Pictures of points of a run, drawn while somebody looks. The newest request wins, here and on the server.
import { useEffect, useRef, useState } from "./html.js";
import { answered, ask, path } from "./api.js";

const AT_ONCE = 8; // pictures of a request; those of a wall come in parts
const page = Array.from(crypto.getRandomValues(new Uint32Array(2)), (each) => each.toString(36)).join("");
let places = 0;

// What the server sends: pictures, each behind its length.
function pictures(buffer) {
  const view = new DataView(buffer);
  const urls = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const size = view.getUint32(at);
    urls.push(URL.createObjectURL(new Blob([new Uint8Array(buffer, at + 4, size)], { type: "image/webp" })));
    at += 4 + size;
  }
  return urls;
}

async function draw(run, wanted, signal) {
  const response = await ask(path`/api/explore/${run}/draw`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
    signal,
  });
  if (response.status === 204) return null; // overtaken
  if (!response.ok) await answered(response);
  return pictures(await response.arrayBuffer());
}

// Returns {urls, error, isWaiting} for points. While something is dragged, one picture is asked for after the other, each
// time where the hand is by then; of many pictures, those asked for before are given up.
export function useDrawn(run, points, truncation) {
  const [state, setState] = useState({ urls: [], error: null, isWaiting: true });
  const place = useRef(null);
  place.current ??= { channel: `${page}-${(places += 1)}`, number: 0, urls: [], wanted: null, isBusy: false, controller: null };
  const key = JSON.stringify([points, truncation]);

  useEffect(() => () => {
    place.current.wanted = null;
    place.current.controller?.abort();
    place.current.urls.forEach((url) => URL.revokeObjectURL(url));
  }, []);

  useEffect(() => {
    const here = place.current;
    here.wanted = { key, points, truncation };
    if (!points.length) {
      setState({ urls: [], error: null, isWaiting: false });
      return;
    }
    const isWall = points.length > 2;
    if (isWall) here.controller?.abort();
    if (here.isBusy && !isWall) return;
    work(here);
  }, [run, key]);

  async function work(here) {
    here.isBusy = true;
    const controller = new AbortController();
    here.controller = controller;
    setState((before) => ({ ...before, isWaiting: true }));
    let done = null;
    while (here.wanted && here.wanted.key !== done && !controller.signal.aborted) {
      const { key: asked, points: all } = here.wanted;
      try {
        let urls = [];
        for (let first = 0; first < all.length; first += AT_ONCE) {
          here.number += 1;
          const wanted = { channel: here.channel, number: here.number, points: all.slice(first, first + AT_ONCE), truncation: here.wanted.truncation };
          const part = await draw(run, wanted, controller.signal);
          if (!part) break;
          urls = [...urls, ...part];
          if (controller.signal.aborted) break;
          show(here, urls, urls.length === all.length);
        }
        done = asked;
      } catch (error) {
        if (error.name === "AbortError") return;
        setState((before) => ({ ...before, error, isWaiting: false }));
        break;
      }
    }
    if (here.controller === controller) here.isBusy = false;
  }

  function show(here, urls, isAll) {
    here.urls.filter((url) => !urls.includes(url)).forEach((url) => setTimeout(() => URL.revokeObjectURL(url), 1000));
    here.urls = urls;
    setState({ urls, error: null, isWaiting: !isAll });
  }

  return state;
}
