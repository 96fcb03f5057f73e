"use strict";
// Gives names to the boxes of select2, which admin uses to choose an organisation: it has none.
// And to the cells of a list, where a narrow window shows its rows as cards.
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
  // Where nothing is found: to the form on which it can be added.
  const offerToAdd = (found) => {
    const select = document.querySelector(".select2-container--open")?.previousElementSibling;
    const add = select?.parentElement.querySelector(".add-related");
    if (add) {
      const link = document.createElement("a");
      Object.assign(link, { href: add.href, textContent: add.title.replace("another", "the") });
      link.addEventListener("click", (event) => { event.preventDefault(); add.click(); });
      found.append(". ", link);
    }
  };
  const watch = () => {
    document.querySelectorAll(".select2-container").forEach(name);
    new MutationObserver((records) => records.forEach((record) => record.addedNodes.forEach(
      (node) => {
        if (node.classList?.contains("select2-container")) {
          name(node);
        } else if (node.classList?.contains("select2-results__message")) {
          offerToAdd(node);
        }
      },
    ))).observe(document.body, { childList: true, subtree: true });
  };
  const nameCells = (list) => {
    const names = [...list.tHead.rows[0].cells].map((cell) => cell.querySelector(".text")?.textContent.trim());
    list.querySelectorAll("td:not(.action-checkbox)").forEach((cell) => { cell.dataset.label = names[cell.cellIndex]; });
  };
  // Who searches for another organisation chooses none of those beside the box.
  const chooseTheBox = ({ target }) => {
    const choice = target.closest(".which-organisation")?.querySelector("[value=box]");
    if (choice && target.value && target.matches("select, [type=text]")) {
      choice.checked = true;
    }
  };
  // A link to a box leads into a section that is folded; not every browser unfolds it.
  const unfold = () => {
    const box = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const section = box && box.closest("details.section:not([open])");
    if (section) {
      section.open = true;
      box.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", unfold);
  document.addEventListener("DOMContentLoaded", () => {
    unfold();
    window.django?.jQuery?.(document).on("change", chooseTheBox);
    watch();
    document.querySelectorAll("#result_list").forEach(nameCells);
  });
}
