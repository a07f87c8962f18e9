// Controls that narrow what a part shows. A line says which are on, and its button takes them all back.

const filtersOf = (part) => [...document.querySelectorAll(`#${part} [data-said]`)];

function isOn(control) {
  if (control.type === "checkbox") return control.checked !== control.defaultChecked;
  return control.tagName === "SELECT" ? control.selectedIndex > 0 : control.value.trim() !== control.defaultValue;
}

function saidOf(control) {
  if (control.type === "checkbox") return control.dataset.said;
  const value = control.tagName === "SELECT" ? control.selectedOptions[0].textContent : control.type === "range" ? control.value : `“${control.value.trim()}”`;
  return `${control.dataset.said} ${value}`;
}

function sayFilters(part) {
  const on = filtersOf(part).filter(isOn);
  $(`${part}-filters`).hidden = !on.length;
  $(`${part}-filters`).querySelector("span").replaceChildren("Filters on: ", ...on.flatMap((control, i) => [i ? "; " : "", el("bdi", { text: saidOf(control) })]), ".");
}

function takeBack(part) {
  for (const control of filtersOf(part)) {
    if (control.type === "checkbox") control.checked = control.defaultChecked;
    else if (control.tagName === "SELECT") control.selectedIndex = 0;
    else control.value = control.defaultValue;
  }
}

const showAll = {};

// refresh : draws the part anew and ends with sayFilters
function offerToShowAll(part, refresh) {
  showAll[part] = () => { takeBack(part); refresh(); };
  $(`${part}-filters`).querySelector("button").addEventListener("click", () => {
    showAll[part]();
    filtersOf(part)[0].focus(); // the button is gone with its line
  });
}
