// Preact and htm: html`<p>${text}</p>` makes elements, with no build step. All modules take them from here.
import { h, render, Fragment, createContext } from "./vendor/preact.mjs";
import htm from "./vendor/htm.mjs";

export { h, render, Fragment, createContext };
export { useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext, useId } from "./vendor/preact-hooks.mjs";
export const html = htm.bind(h);
