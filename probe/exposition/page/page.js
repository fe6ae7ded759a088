"use strict";
// Looks at the agent every few seconds and takes over what changed; without it the page reloads itself.
(() => {
  const every = 1000 * Number(document.body.dataset.refresh);
  let seen = Date.now();
  const say = (words) => {
    const link = document.getElementById("link");
    if (link) link.textContent = words;
  };
  const busy = () => document.hidden || !document.getSelection().isCollapsed;
  const look = async () => {
    try {
      if (!busy()) {
        const answer = await fetch("/fragment", { cache: "no-store", signal: AbortSignal.timeout(2 * every) });
        if (!answer.ok) throw new Error(answer.statusText);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
        if (!fresh) throw new Error("no page");
        document.getElementById("live").replaceWith(document.adoptNode(fresh));
        seen = Date.now();
      }
    } catch {
      say(` · the agent has not answered for ${Math.round((Date.now() - seen) / 1000)} s, this is what it said last`);
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
})();
