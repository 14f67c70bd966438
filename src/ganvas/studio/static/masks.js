// Masks: what the brush has done on a picture, drawn on a canvas, and as pictures that say where each style belongs.
//
// A mark is {brush, size, points} (a stroke), {brush, shape} (a part of the picture) or {brush, picture} (an old mask).
// Places are shares of width and height; sizes are shares of the longer side. ERASER takes away.
import { upload } from "./api.js";
import { pictureOf } from "./parts/picker.js";

export const ERASER = -1;
export const SHAPES = {
  all: [0, 0, 1, 1],
  left: [0, 0, 0.5, 1],
  right: [0.5, 0, 0.5, 1],
  top: [0, 0, 1, 0.5],
  bottom: [0, 0.5, 1, 0.5],
  middle: [0.2, 0.15, 0.6, 0.7],
};
const MASK_SIDE = 768; // pixels of the longer side

function sized(shape) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(shape >= 1 ? MASK_SIDE : MASK_SIDE * shape);
  canvas.height = Math.round(shape >= 1 ? MASK_SIDE / shape : MASK_SIDE);
  return canvas;
}

// Draws one mark in a color; the eraser takes away what is there.
export function drawMark(context, mark, color) {
  const { width, height } = context.canvas;
  context.save();
  if (mark.brush === ERASER) context.globalCompositeOperation = "destination-out";
  context.fillStyle = context.strokeStyle = color;
  if (mark.shape) {
    const [left, top, across, down] = SHAPES[mark.shape];
    context.beginPath();
    if (mark.shape === "middle") context.ellipse((left + across / 2) * width, (top + down / 2) * height, (across / 2) * width, (down / 2) * height, 0, 0, 7);
    else context.rect(left * width, top * height, across * width, down * height);
    context.fill();
  } else if (mark.picture) {
    context.drawImage(tinted(mark.picture, width, height, color), 0, 0);
  } else {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = mark.size * Math.max(width, height);
    context.beginPath();
    mark.points.forEach(([x, y], index) => (index ? context.lineTo(x * width, y * height) : context.moveTo(x * width, y * height)));
    if (mark.points.length === 1) context.lineTo(mark.points[0][0] * width + 0.01, mark.points[0][1] * height);
    context.stroke();
  }
  context.restore();
}

// A mask's white in a color, its black transparent.
function tinted(picture, width, height, color) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0, width, height);
  const data = context.getImageData(0, 0, width, height);
  for (let at = 0; at < data.data.length; at += 4) data.data[at + 3] = data.data[at];
  context.putImageData(data, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  return canvas;
}

export const paintedBrushes = (marks) => [...new Set(marks.map((mark) => mark.brush))].filter((brush) => brush !== ERASER).sort();

// Returns the ids of masks, one for each of these brushes. A mark takes the place of all marks below it.
export async function masksOf(marks, brushes, shape) {
  const ids = [];
  for (const brush of brushes) {
    const canvas = sized(shape);
    const context = canvas.getContext("2d");
    for (const mark of marks) drawMark(context, mark.brush === brush ? mark : { ...mark, brush: ERASER }, "#fff");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    ids.push((await upload("/api/masks", blob)).id);
  }
  return ids;
}

// The marks of masks that were painted before.
export async function picturesOf(ids) {
  const load = async (id, brush) => {
    const picture = new Image();
    picture.src = pictureOf(id, 1024);
    await picture.decode();
    return { brush, picture };
  };
  return Promise.all(ids.map(load));
}

// Settings without the picture itself among the styles, where masks left it as it is.
export const restOfMasks = (wanted, masks) =>
  masks.length && wanted.styles.at(-1) === wanted.content ? { ...wanted, styles: wanted.styles.slice(0, -1) } : wanted;
