// Line icons of 24 x 24, drawn for the studio. They say nothing that the text beside them does not.
import { html } from "../html.js";

const PATHS = {
  pictures: "M4 6.5A2.5 2.5 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v11a2.500 2.500 0 0 1-2.500 2.500h-11A2.500 2.500 0 0 1 4 17.500zM4 16l4.500-4.500L13 16l3-3 4 4M15.500 8.500h.01",
  train: "M12 3v4M12 17v4M3 12h4M17 12h4M8.500 8.500 5.800 5.800M18.200 18.200l-2.700-2.700M15.500 8.500l2.700-2.700M5.800 18.200l2.700-2.700M12 9.500v0a2.500 2.500 0 1 0 .01 0z",
  watch: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9a3 3 0 1 0 .01 0z",
  explore: "M12 3a9 9 0 1 0 .01 0zM15.500 8.500l-2 5-5 2 2-5z",
  repaint: "M4 20c2.500 0 4-1 4-3a2 2 0 0 0-4 0c0 1-.5 2-1.500 2.500M9 14.500l8.500-9.500a2 2 0 0 1 3 2.500L11.500 16.500z",
  gallery: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  quality: "M4 19h16M7 19v-6M12 19V6M17 19v-9",
  plus: "M12 5v14M5 12h14",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8 5.500v13M16 5.500v13",
  check: "M5 12.500l4.500 4.500L19 7.500",
  close: "M6 6l12 12M18 6L6 18",
  back: "M14.500 5.500L8 12l6.500 6.500",
  clock: "M12 3.500a8.500 8.500 0 1 0 .01 0zM12 7.500V12l3 2",
  heart: "M12 19.500S4 15 4 9.300A4.200 4.200 0 0 1 12 7.500a4.200 4.200 0 0 1 8 1.800c0 5.700-8 10.200-8 10.200z",
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>
`;
