/* Asks what a chosen paper says, shows it beside the boxes, and fills a box in on 'Use it'. */
"use strict";

{
  const button = document.querySelector("input[name=_read]");
  const form = button.form;
  const top = document.getElementById("read-file");
  let reading = new AbortController();

  const offer = () => {
    for (const suggestion of form.querySelectorAll(".suggestion:not(:has(button))")) {
      const { box, value } = suggestion.dataset;
      const use = document.createElement("button");
      Object.assign(use, { type: "button", className: "button", textContent: "Use it" });
      use.addEventListener("click", () => {
        const field = document.getElementById(box);
        field.value = value;
        field.focus();
        suggestion.remove();
      });
      suggestion.append(" ", use);
    }
  };

  const read = async (box) => {
    reading.abort(); // what an earlier file says would stand beside this one
    const { signal } = (reading = new AbortController());
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("_read", "1");
    data.set(box.name, box.files[0]);
    top.textContent = "The file is being read.";
    form.querySelectorAll(".suggestion").forEach((each) => each.remove());
    try {
      const answer = await fetch(window.location.href, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        redirect: "error",
        signal,
      });
      const { top: words, beside } = await answer.json();
      top.innerHTML = words;
      for (const [id, suggestion] of Object.entries(beside)) {
        const hint = document.createElement("div");
        hint.className = "help";
        hint.innerHTML = suggestion;
        document.getElementById(id).closest(".form-row > div").append(hint);
      }
      offer();
    } catch (problem) {
      if (signal.aborted) {
        return;
      }
      top.textContent = "The file could not be read. Enter its title and dates yourself.";
    }
  };

  form.addEventListener("change", ({ target }) => {
    if (target.type === "file" && target.files.length) {
      read(target);
    }
  });
  // A file that was chosen before is not sent again by itself.
  if (!form.querySelector("[name$='-unsaved']")) {
    button.remove();
  }
  offer();
}
