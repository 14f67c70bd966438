// The pages, in the order of the way through them: where one is added.
import { N_ } from "../i18n.js";
import { Explore } from "./explore.js";
import { Gallery } from "./gallery.js";
import { Pictures } from "./pictures.js";
import { Quality } from "./quality.js";
import { Repaint } from "./repaint.js";
import { Train } from "./train.js";
import { Watch } from "./watch.js";

// name: in the address, and of the icon; title: in the navigation. A component gets `parts`, the rest of the address.
export const PAGES = [
  { name: "pictures", title: N_("Pictures"), page: Pictures },
  { name: "train", title: N_("Train"), page: Train },
  { name: "watch", title: N_("Watch"), page: Watch },
  { name: "quality", title: N_("Quality"), page: Quality },
  { name: "explore", title: N_("Explore"), page: Explore },
  { name: "repaint", title: N_("Repaint"), page: Repaint },
  { name: "gallery", title: N_("Gallery"), page: Gallery },
];
