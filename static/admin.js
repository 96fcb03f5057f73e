"use strict";
// Gives names to the boxes of select2, which admin uses to choose an organisation: it has none.
{
  const name = (box) => {
    const chosen = box.querySelector(".select2-selection__rendered");
    const label = box.previousElementSibling?.labels?.[0];
    if (chosen && label) {
      label.id ||= `${label.htmlFor}_label`;
      box.querySelector(".select2-selection").setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
      chosen.removeAttribute("role");
      chosen.removeAttribute("aria-readonly");
    }
    box.querySelector(".select2-search__field")?.setAttribute("aria-label", "Search");
  };
  const watch = () => {
    document.querySelectorAll(".select2-container").forEach(name);
    new MutationObserver((records) => records.forEach((record) => record.addedNodes.forEach(
      (node) => node.classList?.contains("select2-container") && name(node),
    ))).observe(document.body, { childList: true, subtree: true });
  };
  document.addEventListener("DOMContentLoaded", watch);
}
