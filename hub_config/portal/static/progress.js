// Asks how far the run is, once a second, and loads the page again when it has ended.
"use strict";
const box = document.getElementById("progress");
const now = box.querySelector(".now");
const bar = box.querySelector("progress");
const lost = document.getElementById("lost");
const stages = [...box.querySelectorAll("[data-stage]")];

function show(progress) {
  if (!progress) return;
  const message = progress.message[box.dataset.language];
  if (now.textContent !== message) now.textContent = message;
  if (progress.cells > 0) {
    bar.max = progress.cells;
    bar.value = progress.cell;
  }
  let current = stages.findIndex((stage) => stage.dataset.stage === progress.stage);
  if (current < 0 && (progress.stage === "report" || progress.stage === "finish")) current = stages.length;
  stages.forEach((stage, index) => {
    stage.classList.toggle("done", index < current);
    stage.classList.toggle("current", index === current);
    if (index === current) stage.setAttribute("aria-current", "step");
    else stage.removeAttribute("aria-current");
  });
}

async function look() {
  let wait = 1000;
  try {
    const answer = await fetch(box.dataset.api, { headers: { "X-XSRFToken": box.dataset.xsrf } });
    if (answer.status >= 400 && answer.status < 500) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const run = await answer.json();
    lost.hidden = true;
    if (run.status !== "queued" && run.status !== "running") return location.reload();
    show(run.progress);
  } catch {
    lost.hidden = false;
    wait = 5000;
  }
  setTimeout(look, wait);
}
look();
