// The film of sheets: a slider that shows the picture of its place, and a button that runs through them all.
for (const film of document.querySelectorAll(".film")) {
  const frames = JSON.parse(film.querySelector("script").textContent);
  const picture = film.querySelector("img"), told = film.querySelector("output");
  const slider = film.querySelector("input"), button = film.querySelector("button");
  let playing = 0;
  const show = () => {
    const frame = frames[slider.value];
    picture.src = frame.uri;
    picture.alt = frame.alt;
    told.textContent = frame.told;
    slider.setAttribute("aria-valuetext", frame.told);
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    button.textContent = "▶ Play";
  };
  const play = () => {
    if (+slider.value === frames.length - 1) slider.value = 0;
    show();
    button.textContent = "❚❚ Stop";
    playing = setInterval(() => {
      slider.value = +slider.value + 1;
      show();
      if (+slider.value === frames.length - 1) stop();
    }, 350);
  };
  slider.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => (playing ? stop() : play()));
  for (const part of film.querySelectorAll("[hidden]")) part.hidden = false;
}
