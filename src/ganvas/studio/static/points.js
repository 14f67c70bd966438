// Points: places among a run's pictures, as the studio knows them, and what they are called.
import { _, percent } from "./i18n.js";

export const seed = (number, label) => ({ kind: "seed", seed: number, ...(label && { label }) });
export const mix = (one, other, share, layers) => ({ kind: "mix", one, other, share, ...(layers && { layers }) });

// Moved along directions; strengths of 0 are left out.
export function moved(of, moves) {
  const real = Object.fromEntries(Object.entries(moves).filter(([, strength]) => strength));
  return Object.keys(real).length ? { kind: "moved", of, moves: real } : of;
}

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const LAYERS = { coarse: () => _("the composition"), middle: () => _("the shapes"), fine: () => _("the colors") };
export const layersName = (layers) => LAYERS[layers]();

export function describe(point) {
  switch (point.kind) {
    case "seed":
      return point.label ? _("{label}, seed {seed}", point) : _("Seed {seed}", point);
    case "made":
      return point.name.replace(/\.\w+$/, "");
    case "moved":
      return _("{of}, moved", { of: describe(point.of) });
    default:
      return point.layers
        ? _("{one} with {layers} of {other}", { one: describe(point.one), other: describe(point.other), layers: layersName(point.layers) })
        : _("{share} from {one} to {other}", { one: describe(point.one), other: describe(point.other), share: percent(point.share) });
  }
}

// "pca-3" is what `ganvas directions` calls what it finds by itself; other names are the user's.
export function directionName(name) {
  const found = /^(?:pca|sefa)-(\d+)$/.exec(name);
  return found ? _("Direction {number}", { number: found[1] }) : name;
}
