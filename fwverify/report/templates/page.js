"use strict";
(function () {
  document.querySelectorAll("[data-script]").forEach(function (one) { one.hidden = false; });
  document.querySelectorAll("form.filter").forEach(function (form) {
    var rows = Array.prototype.slice.call(document.getElementById(form.dataset.table).tBodies[0].rows);
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var field = form.querySelector("input"), state = form.querySelector("select"), said = form.querySelector("output");
    function apply() {
      var wanted = field.value.trim().toLowerCase().split(/\s+/), only = state ? state.value : "", shown = 0;
      rows.forEach(function (row, at) {
        var fits = (!only || row.dataset.state === only) &&
          wanted.every(function (word) { return texts[at].indexOf(word) >= 0; });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      said.textContent = shown + " of " + rows.length + " rows shown";
    }
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    apply();
  });
  var all = document.querySelector("button[data-open-all]");
  if (all) {
    all.addEventListener("click", function () {
      var open = all.getAttribute("aria-pressed") !== "true";
      document.querySelectorAll("details").forEach(function (one) { one.open = open; });
      all.setAttribute("aria-pressed", open ? "true" : "false");
    });
  }
})();
