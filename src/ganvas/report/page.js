// The time-lapse of sample grids: a slider that selects a grid, and a button that plays them all.
for (const timelapse of document.querySelectorAll(".timelapse")) {
  const frames = JSON.parse(timelapse.querySelector("script").textContent);
  const picture = timelapse.querySelector("img"), caption = timelapse.querySelector("output");
  const slider = timelapse.querySelector("input"), button = timelapse.querySelector("button");
  const words = { play: button.textContent, stop: button.dataset.stop };
  let playing = 0;
  const show = () => {
    const frame = frames[slider.value];
    picture.src = frame.uri;
    picture.alt = frame.alt;
    caption.textContent = frame.caption;
    slider.setAttribute("aria-valuetext", frame.caption);
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    button.textContent = words.play;
  };
  const play = () => {
    if (+slider.value === frames.length - 1) slider.value = 0;
    show();
    button.textContent = words.stop;
    playing = setInterval(() => {
      slider.value = +slider.value + 1;
      show();
      if (+slider.value === frames.length - 1) stop();
    }, 350);
  };
  slider.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => (playing ? stop() : play()));
  for (const part of timelapse.querySelectorAll("[hidden]")) part.hidden = false;
}
