"use strict";

/* Callbacks that run in the browser, without a request to the server. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  econsim: {
    paint(data) {
      const shown = data ? painted(data, getComputedStyle(document.documentElement)) : { data: [], layout: {} };
      return [shown, { display: data ? "block" : "none" }, { display: data ? "none" : "block" }];
    },
    scheme(_, known) {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      return dark === known ? window.dash_clientside.no_update : dark;
    },
    beat(_, moment, last) {
      return moment >= last ? 0 : Math.min(last, moment + Math.max(1, Math.round(last / 200)));
    },
    play(clicks) {
      return clicks % 2 ? [false, "Stop"] : [true, "Play"];
    },
  },
});
