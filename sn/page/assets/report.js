// Pictures of a page: patterns, kernels, and the start of the net at work.
"use strict";

(() => {
  SN.paintAll();
  SN.start();
})();
