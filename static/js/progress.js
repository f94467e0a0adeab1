// Keeps a part of the page fresh while a worker is at it; without this script the page is loaded again by its link.
"use strict";
for (const part of document.querySelectorAll("[data-progress]")) {
  const stage = () => part.querySelector("[data-stage]")?.dataset.stage;
  const first = stage();
  const look = async () => {
    try {
      const answer = await fetch(part.dataset.progress, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const text = await answer.text();
      if (text !== part.dataset.shown) part.innerHTML = part.dataset.shown = text;
      if (stage() !== first) return location.reload();
    } catch {
      // the network may be back next time
    }
    if (part.querySelector("[data-going-on]")) setTimeout(look, 2000);
  };
  if (part.querySelector("[data-going-on]")) setTimeout(look, 2000);
}
