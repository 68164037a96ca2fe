"use strict";

/* Colours of plots are CSS variables of the page, such as "var(--series-1)", so that they also change in dark mode. */
function painted(value, style) {
  if (typeof value === "string") {
    const found = /^var\((--[\w-]+)\)$/.exec(value);
    return found ? style.getPropertyValue(found[1]).trim() : value;
  }
  if (Array.isArray(value)) return value.map((entry) => painted(entry, style));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, painted(entry, style)]));
}

function drawPlots() {
  const places = [...document.querySelectorAll("[data-plot]")];
  const settings = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    for (const place of places) {
      const plot = painted(JSON.parse(document.getElementById(place.dataset.plot).textContent), style);
      Plotly.react(place, plot.data, plot.layout, settings);
    }
  };
  document.documentElement.classList.add("live");
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
