// Requests to the studio. An error holds what the studio said: error.message, and error.hint with what to do.
export class StudioError extends Error {
  constructor(status, message, hint) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

// Fetches, and tells the frame of the page whether the studio is there.
export async function ask(url, options) {
  try {
    const response = await fetch(url, options);
    window.dispatchEvent(new Event("studio-answers"));
    return response;
  } catch (error) {
    if (error.name !== "AbortError") window.dispatchEvent(new Event("studio-silent"));
    throw error.name === "AbortError" ? error : new StudioError(0, "", "");
  }
}

export async function answered(response) {
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const data = isJson ? await response.json() : null;
  if (response.ok) return data;
  if (response.status === 401) window.dispatchEvent(new Event("studio-closed"));
  throw new StudioError(response.status, data?.message ?? response.statusText, data?.hint ?? "");
}

// get`/api/sets/${name}`: what is put in is encoded.
export const path = (parts, ...values) =>
  String.raw({ raw: parts }, ...values.map((value) => encodeURIComponent(value)));

export const get = async (url, signal) => answered(await ask(url, { signal, cache: "no-store" }));

export const send = async (method, url, data = {}, signal) =>
  answered(
    await ask(url, {
      method,
      signal,
      body: JSON.stringify(data),
      headers: { "Content-Type": "application/json" },
    }),
  );
export const post = (url, data, signal) => send("POST", url, data, signal);
export const remove = (url) => send("DELETE", url);

// Sends one file as it is; onShare is told the share that has been sent.
export function upload(url, file, onShare, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onShare?.(event.loaded / event.total);
    request.onerror = () => reject(new StudioError(0, "", ""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.onload = () => {
      let data = null;
      try {
        data = JSON.parse(request.responseText);
      } catch {
        // not ours: the status says enough
      }
      if (request.status < 300) resolve(data);
      else reject(new StudioError(request.status, data?.message ?? request.statusText, data?.hint ?? ""));
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
