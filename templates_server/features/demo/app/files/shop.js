// The store: a bar, a welcome and the sections of the homepage, drawn from what the entities hold.

const TITLES = {
  "t-101": "The Lighthouse Keeper",
  "t-102": "Northern Line",
  "t-103": "A Field in Winter",
  "t-104": "Paper Boats",
  "t-105": "Second Half",
  "t-106": "The Long Table",
};

export function make(tag, properties = {}, ...children) {
  const { dataset, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  Object.assign(element.dataset, dataset);
  element.append(...children);
  return element;
}

/** The colour of a color property as CSS, or null when it is unset. */
export function css({ value, opacity }) {
  if (!value) return null;
  const percent = Math.round(opacity * 100);
  return percent === 100 ? value : `color-mix(in srgb, ${value} ${percent}%, transparent)`;
}

export function paintBar(header) {
  const bar = document.getElementById("bar");
  const { background, gradient, sticky } = header.properties;
  const from = css(background) ?? GREY;
  bar.hidden = !header.enabled;
  bar.classList.toggle("sticky", Boolean(sticky));
  bar.style.setProperty("--from", from);
  bar.style.setProperty("--to", css(gradient) ?? from);
  const { ink, veil } = readable([background, gradient.value ? gradient : background].map(seen));
  bar.style.setProperty("--ink", ink);
  bar.style.setProperty("--veil", veil);
}

const GREY = "#444a5a";
const LEAST_CONTRAST = 4.5;
const STEP = 0.05;
const INKS = [
  { ink: "#16181d", light: [22, 24, 29], veil: 255 },
  { ink: "#ffffff", light: [255, 255, 255], veil: 0 },
];

/** The ink that needs the thinnest veil over these colours to be read on all of them (WCAG 2.2, 1.4.3). */
function readable(colours) {
  for (let share = 0; ; share += STEP)
    for (const { ink, light, veil } of INKS)
      if (colours.every((colour) => contrast(light, mixed([veil, veil, veil], colour, share)) >= LEAST_CONTRAST))
        return { ink, veil: `rgb(${veil} ${veil} ${veil} / ${Math.round(share * 100)}%)` };
}

/** A color property as it is seen on the page: red, green and blue of 0 to 255. */
function seen({ value, opacity }) {
  const paper = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  return value ? mixed(channels(value), channels(paper), opacity) : channels(GREY);
}

function channels(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function mixed(over, under, share) {
  return over.map((channel, at) => channel * share + under[at] * (1 - share));
}

function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance. */
function luminance(colour) {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function paintWelcome(welcome, track) {
  const place = document.getElementById("welcome");
  if (!welcome.enabled) return place.replaceChildren();
  const { label, discountPercent: discount, endsAt } = welcome.properties;
  const more = [discount ? `${discount}% off` : "", endsAt ? `until ${day(endsAt)}` : ""].filter(Boolean);
  const open = make("button", { type: "button", textContent: "Show me around" });
  open.addEventListener("click", () => track("onboarding/opened", welcome));
  place.replaceChildren(
    make(
      "section",
      { className: "welcome", ariaLabel: "Welcome" },
      make("p", {}, make("strong", { textContent: label ?? "Welcome" }), more.length ? ` ${more.join(", ")}` : ""),
      open,
    ),
  );
}

export function paintBody(body, track) {
  const place = document.getElementById("body");
  const shown = body.enabled ? body.items.filter((item) => item.enabled) : [];
  const painted = shown.map((item) => PAINTERS[item.kind]?.(item, track)).filter(Boolean);
  if (painted.length === 0) painted.push(make("p", { className: "empty", textContent: "The homepage is empty." }));
  place.replaceChildren(...painted);
}

const PAINTERS = { hero, carousel, banner };

function hero(item, track) {
  const { title, layout } = item.properties;
  const play = make("button", { type: "button", className: "play", textContent: "Play" });
  play.addEventListener("click", () => track("video/started", item, { pair1: { key: "title", value: title } }));
  const text = make("div", { className: "words" }, make("h1", { textContent: title }), play);
  const section = make("section", { className: `hero ${layout}`, dataset: { item: item.id } }, art(item.id), text);
  section.setAttribute("aria-label", title);
  return section;
}

function carousel(item, track) {
  const { heading, titleIds, columns } = item.properties;
  const list = make("ul", { className: "cards" });
  list.style.setProperty("--columns", String(Math.max(3, Math.min(columns, titleIds.length, 6))));
  for (const id of titleIds) {
    const title = TITLES[id] ?? id;
    const open = make("button", { type: "button" }, art(id), make("span", { textContent: title }));
    open.addEventListener("click", () => track("title/opened", item, { pair1: { key: "title", value: title } }));
    list.append(make("li", {}, open));
  }
  return make(
    "section",
    { className: "carousel", dataset: { item: item.id } },
    make("h2", { textContent: heading ?? "More to watch" }),
    list,
  );
}

function banner(item, track) {
  const { label, discountPercent, endsAt } = item.properties;
  const open = make("button", { type: "button", textContent: label });
  open.addEventListener("click", () => track("banner/opened", item));
  const more = [discountPercent ? `${discountPercent}% off` : "", endsAt ? `until ${day(endsAt)}` : ""].filter(Boolean);
  const words = more.length ? more.join(", ") : "All of it, on every screen you own. Leave whenever you like.";
  return make("section", { className: "banner", dataset: { item: item.id } }, make("p", { textContent: words }), open);
}

function day(date) {
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** A picture of our own for each id: the pictures that the Space names are examples, and no third party is asked. */
function art(id) {
  const picture = make("span", { className: "art" });
  picture.setAttribute("aria-hidden", "true");
  const sum = Array.from(id).reduce((before, character) => (before * 31 + character.codePointAt(0)) % 9973, 7);
  picture.style.setProperty("--hue", String((sum * 137) % 360));
  picture.style.setProperty("--turn", `${(sum * 61) % 180}deg`);
  return picture;
}
