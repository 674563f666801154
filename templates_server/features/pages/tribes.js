// Counts of tribes come without another page where there is JavaScript: while rules are edited, and in lists.

"use strict";

const QUIET_MSEC = 700;
const LOOK_AGAIN_MSEC = 2000;

async function pageOf(url, options) {
  const response = await fetch(url, options);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function show(page, id) {
  const fresh = page.getElementById(id);
  const shown = document.getElementById(id);
  if (fresh && shown) shown.replaceChildren(...fresh.childNodes);
  return Boolean(fresh && shown);
}

// Buttons that count

async function count(button) {
  const query = new URLSearchParams(new FormData(button.form, button));
  button.disabled = true;
  button.textContent = "Counting…";
  const address = `${button.form.action}?${query}`;
  try {
    if (show(await pageOf(address), `count-${button.value}`)) return;
  } catch {
    // The page is asked for as without JavaScript: it says what is wrong.
  }
  location.assign(address);
}

async function countEach(buttons) {
  for (const button of buttons) {
    if (button.isConnected) await count(button);
  }
}

const counts = document.getElementById("counts");
if (counts) {
  const uncounted = [...counts.querySelectorAll("button[name=count]")];
  counts.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "count") return;
    event.preventDefault();
    count(event.submitter);
  });
  countEach(uncounted.filter((button) => button.closest("[data-auto]")));
  document.getElementById("count-all")?.addEventListener("click", (event) => {
    event.target.disabled = true;
    countEach(uncounted);
  });
}

// Rules that are edited

const rules = document.getElementById("rules");
if (rules?.tagName === "FORM") {
  let timer = 0;
  let isCounting = false;

  const countRules = async () => {
    if (isCounting) {
      timer = setTimeout(countRules, QUIET_MSEC);
      return;
    }
    isCounting = true;
    const fields = new URLSearchParams(new FormData(rules));
    fields.set("act", "count");
    try {
      show(await pageOf(rules.action, { method: "POST", body: fields }), "count");
    } catch {
      document.getElementById("count").textContent = "Cannot reach the server. Nothing was counted.";
    }
    isCounting = false;
  };

  rules.addEventListener("input", (event) => {
    if (event.target.id === "note" || event.target.id === "kind") return;
    clearTimeout(timer);
    timer = setTimeout(countRules, QUIET_MSEC);
  });
}

// A file that is being made

if (document.querySelector("[data-running]")) setTimeout(() => location.reload(), LOOK_AGAIN_MSEC);
