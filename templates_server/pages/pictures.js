// Shows an image that a page names, once somebody asks for it: no page loads anything from another host by itself.

"use strict";

const latest = new WeakMap();

function webAddress(text) {
  try {
    return /^https?:\/\//i.test(text) ? new URL(text) : null;
  } catch {
    return null;
  }
}

function linkTo(address) {
  const link = document.createElement("a");
  Object.assign(link, { href: address.href, target: "_blank", rel: "noreferrer noopener" });
  link.textContent = "Open it in a new tab";
  return link;
}

function showPicture(place) {
  const said = place.querySelector("[role=status]");
  const { field, label } = place.dataset;
  const address = webAddress(field ? document.getElementById(field).value.trim() : place.dataset.address);
  place.querySelector("img")?.remove();
  latest.delete(place);
  if (!address) said.textContent = "There is no image to show: the address must begin with https:// or http://.";
  else if (location.protocol === "https:" && address.protocol === "http:") {
    said.replaceChildren("An image of an http:// address cannot be shown on this page. ", linkTo(address));
  } else load(place, said, address, label);
}

function load(place, said, address, label) {
  const image = new Image();
  const isLatest = () => latest.get(place) === image;
  latest.set(place, image);
  image.referrerPolicy = "no-referrer";
  image.alt = `${label}: the image at ${address.host}`;
  image.addEventListener("load", () => {
    if (!isLatest()) return;
    said.textContent = "";
    place.append(image);
  });
  image.addEventListener("error", () => {
    if (isLatest()) said.replaceChildren(`There is no image at this address, or ${address.host} cannot be reached. `, linkTo(address));
  });
  said.textContent = "Loading…";
  image.src = address.href;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".picture button");
  if (button) showPicture(button.parentElement);
});
