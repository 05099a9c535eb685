// Inputs that are no picture: a number each, with a slider where there are few.
"use strict";

(() => {
  const place = document.getElementById("values");
  if (!place) return;
  const fields = [...place.querySelectorAll("input[type=number]")], sliders = [...place.querySelectorAll("input[type=range]")];
  const { shift, factor, fill } = SN.about.inputs; // what the net does to numbers first
  const scaled = (v, i) => (shift ? (v - shift[i]) * factor[i] : v);
  const told = (v, i) => (shift ? v / factor[i] + shift[i] : v);
  const given = (field, i) => (field.value === "" && fill ? fill[i] : Number(field.value) || 0);
  const tell = () => SN.send(fields.map((field, i) => scaled(given(field, i), i)), "your numbers");
  fields.forEach((field, i) => field.addEventListener("input", () => {
    if (sliders[i]) sliders[i].value = field.value;
    tell();
  }));
  sliders.forEach((slider, i) => slider.addEventListener("input", () => {
    fields[i].value = slider.value;
    tell();
  }));
  document.addEventListener("sn-start", (event) => {
    event.preventDefault();
    tell();
  });
  document.addEventListener("sn-pattern", (event) => {
    if (place.contains(document.activeElement)) return;
    event.detail.pattern.forEach((taken, i) => {
      const value = told(taken, i);
      fields[i].value = Number(value.toPrecision(6));
      if (sliders[i]) sliders[i].value = value;
    });
  });
})();
