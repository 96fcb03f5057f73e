/* While a page of the import grows: its lines move a bar, and its last link is followed. */
"use strict";

{
  const follow = () => {
    const log = document.getElementById("import-log");
    const bar = document.getElementById("import-bar");
    if (!log || !bar) {
      return;
    }
    const lines = log.querySelectorAll("p[data-of]");
    const last = lines[lines.length - 1];
    if (last) {
      bar.max = Math.max(Number(last.dataset.of), 1);
      bar.value = Number(last.dataset.done);
      const words = document.getElementById("import-words");
      // Only where it differs: to set it is a change too, which would be followed in its turn.
      if (words.textContent !== last.textContent) {
        words.textContent = last.textContent;
      }
      document.getElementById("import-moving").hidden = false;
      log.classList.add("import-log--unseen");
    }
    const on = document.getElementById("import-on");
    if (on && !followed) {
      followed = true;
      // In the place of this page, so that the button 'back' does not send the form again.
      window.location.replace(on.href);
    }
  };
  let followed = false;
  new MutationObserver(follow).observe(document.documentElement, {
    childList: true,
    subtree: true,
  });
  follow();
}
