// The columns follow from the extract and table: show them as soon as either is chosen.
"use strict";
const scope = document.getElementById("scope");
if (scope) {
  for (const button of scope.querySelectorAll(".reload")) button.hidden = true;
  scope.addEventListener("change", () => scope.submit());
}
document.getElementById("problems")?.focus();
for (const form of document.querySelectorAll("form[method=post]")) {
  // One click, one run.
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
}
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button")) button.disabled = false;
});
