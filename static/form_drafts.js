/* Stores the form as a draft while it is written, and asks before a changed form is left. */
"use strict";

{
  const EVERY = 4000;
  const token = document.querySelector("input[name=draft_token]");
  const form = token && token.form;
  const state = document.getElementById("draft-state");
  const files = new Map();
  let sending = null;
  let isSubmitted = false;

  // An empty box of a file says that it was modified now.
  const key = (name, file) =>
    file.name && `${name}/${file.name}/${file.size}/${file.lastModified}`;
  const written = () =>
    JSON.stringify(
      [...new FormData(form)]
        .filter(([name]) => !name.startsWith("_"))
        .map(([name, value]) => [name, value instanceof File ? key(name, value) : value]),
    );

  const store = async (now) => {
    if (!form.elements._draft_stored) {
      const stored = document.createElement("input");
      Object.assign(stored, { type: "hidden", name: "_draft_stored", value: "1" });
      token.after(stored);
    }
    const data = new FormData(form);
    for (const [name, value] of [...data]) {
      if (!(value instanceof File)) {
        continue;
      }
      const stored = files.get(key(name, value));
      if (stored !== undefined || !value.name) {
        data.delete(name);
      }
      if (stored) {
        data.set(`${name}-unsaved`, stored);
      }
    }
    const sent = [...data].filter(([, value]) => value instanceof File);
    data.set("_draft", "1");
    sending = new AbortController();
    try {
      const answer = await fetch(window.location.href, {
        method: "POST",
        body: data,
        redirect: "manual",
        signal: sending.signal,
      });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      const { at, files: keys, ended } = await answer.json();
      for (const [name, value] of sent) {
        // A file that is too large has no key. It is not sent again and again.
        files.set(key(name, value), keys[name] || "");
      }
      if (ended) {
        // Where it is in sight while writing.
        form.querySelector(".bar").prepend(state);
      }
      const left = [...new FormData(form)]
        .filter(([name, value]) => value instanceof File && files.get(key(name, value)) === "")
        .map(([, value]) => value.name);
      state.textContent =
        (ended
          ? `Your session has ended. Save, log in, and continue with your draft, stored at ${at}.`
          : `A draft of this form is stored for you alone, as of ${at}. It is not in the register until you save it.`) +
        (left.length ? ` Too large for the draft: ${left.join(", ")}.` : "");
      last = now;
    } catch (problem) {
      if (isSubmitted) {
        return;
      }
      state.textContent = "The draft of this form could not be stored. Save the form before you leave.";
    } finally {
      sending = null;
    }
  };

  let first = "";
  let last = "";
  const look = () => {
    const now = written();
    if (!sending && !isSubmitted && now !== last) {
      store(now);
    }
  };

  if (form) {
    window.addEventListener("load", () => {
      last = written();
      // What was taken up or refused is not saved yet.
      first = "unsaved" in token.dataset ? "" : last;
      setInterval(look, EVERY);
      document.addEventListener("visibilitychange", look);
    });
    form.addEventListener("submit", () => {
      isSubmitted = true;
      if (sending) {
        sending.abort();
      }
    });
    window.addEventListener("beforeunload", (event) => {
      if (!isSubmitted && last && written() !== first) {
        event.preventDefault();
      }
    });
  }
}
