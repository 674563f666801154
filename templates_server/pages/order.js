// Puts cards of a list in another order by dragging them with a mouse, a pen or a finger. Their buttons do it by keyboard.

"use strict";

const EDGE_PIXELS = 64;
const SCROLL_PIXELS = 12;

function drag(grip, pointer) {
  const card = grip.closest("li");
  const cards = [...card.parentElement.children];
  const others = cards.filter((other) => other !== card);
  const from = cards.indexOf(card);
  let [to, y, frame] = [from, pointer.clientY, 0];

  const middle = (other) => {
    const { top, height } = other.getBoundingClientRect();
    return top + height / 2;
  };

  function mark() {
    to = others.filter((other) => middle(other) < y).length;
    cards.forEach((other, number) => {
      other.classList.toggle("drops-before", number === to && to < from);
      other.classList.toggle("drops-after", number === to && to > from);
    });
  }

  // The page scrolls on while the pointer rests at its edge.
  function follow() {
    if (y < EDGE_PIXELS) scrollBy(0, -SCROLL_PIXELS);
    else if (y > innerHeight - EDGE_PIXELS) scrollBy(0, SCROLL_PIXELS);
    mark();
    frame = requestAnimationFrame(follow);
  }

  function end(isDropped) {
    if (!frame) return;
    mark();
    cancelAnimationFrame(frame);
    frame = 0;
    ended.abort();
    card.classList.remove("dragged");
    for (const other of cards) other.classList.remove("drops-before", "drops-after");
    if (isDropped && to !== from) move(card, to + 1);
  }

  const ended = new AbortController();
  const listen = (target, kind, heard) => target.addEventListener(kind, heard, { signal: ended.signal });
  listen(grip, "pointermove", (event) => { y = event.clientY; });
  listen(grip, "pointerup", (event) => { y = event.clientY; end(true); });
  listen(grip, "pointercancel", () => end(false));
  listen(grip, "lostpointercapture", () => end(false));
  listen(document, "keydown", (event) => { if (event.key === "Escape") end(false); });
  grip.setPointerCapture(pointer.pointerId);
  card.classList.add("dragged");
  follow();
}

// To where the buttons lead as well: the review of the move, or the form with its items in that order.
function move(card, position) {
  const form = card.closest("form");
  if (!form) return location.assign(`${card.dataset.move}&position=${position}`);
  const button = document.createElement("button");
  Object.assign(button, { name: "deed", value: `${card.dataset.move}:${position}`, hidden: true });
  button.formAction = `${form.action}#items`;
  form.append(button);
  form.requestSubmit(button);
  button.remove();
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || !event.isPrimary || event.button !== 0) return;
  event.preventDefault();
  drag(grip, event);
});
