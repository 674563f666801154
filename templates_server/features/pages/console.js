// What makes pages of the console handier where there is JavaScript. Every page does all that it does without it.

"use strict";

const UNITS = [["year", 31536e6], ["month", 2592e6], ["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3]];
const JUST_NOW_MSEC = 1e4;
const COPIED_MSEC = 2000;

function relative(msec) {
  const distance = Math.abs(msec);
  if (distance < JUST_NOW_MSEC) return "just now";
  const [unit, length] = UNITS.find(([, length]) => distance >= length);
  const number = msec > 0 ? Math.floor(distance / length) : Math.round(distance / length);
  const text = `${number} ${unit}${number === 1 ? "" : "s"}`;
  return msec > 0 ? `${text} ago` : `in ${text}`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.now() - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

async function copy(button) {
  const label = button.firstChild;
  const text = label.data;
  try {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    label.data = "Copied";
  } catch {
    label.data = "Select it and copy";
  }
  setTimeout(() => { label.data = text; }, COPIED_MSEC);
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.switcher[open]")) {
    if (menu !== but) menu.open = false;
  }
}

function addDismissal(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Dismiss";
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) copy(button);
  closeMenus(event.target.closest("details.switcher"));
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.switcher[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  const search = document.querySelector("main input[type=search]") ?? document.querySelector("#find");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// A document that is being edited outlives a sign-out: it is kept in the tab until it was stored.
const draft = document.querySelector("form[data-draft] textarea");
const DRAFT_KEY = `draft ${draft?.form.action}`;

function bringDraftBack() {
  const kept = sessionStorage.getItem(DRAFT_KEY);
  if (kept !== null && draft.value === draft.defaultValue && kept !== draft.value && !document.querySelector("[role=alert], [role=status]")) {
    draft.value = kept;
    const told = document.createElement("p");
    told.className = "notice";
    told.setAttribute("role", "status");
    told.textContent = "Your unsaved input was restored. Reload the page to discard it.";
    draft.form.prepend(told);
    sessionStorage.removeItem(DRAFT_KEY);
  }
}

if (draft) {
  bringDraftBack();
  draft.form.addEventListener("submit", () => sessionStorage.setItem(DRAFT_KEY, draft.value));
}
else if (document.querySelector(".toast")) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft ")) sessionStorage.removeItem(key);
}
document.addEventListener("input", (event) => {
  const box = event.target.closest("[data-property]")?.querySelector("input[type=checkbox]");
  if (box && event.target !== box) box.checked = true;
});

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post") event.target.dataset.sent = "yes";
});

addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

document.querySelectorAll(".toast").forEach(addDismissal);
// The server has told the times of a new page: to tell them again while it loads would move what stands beside them.
addEventListener("pageshow", ({ persisted }) => { if (persisted) tellTimes(); });
setInterval(tellTimes, 3e4);
