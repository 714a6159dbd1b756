// The search box: names first, then descriptions and columns.
"use strict";
const root = document.currentScript.dataset.root;
const box = document.getElementById("search");
const list = document.getElementById("found");
const most = 20;

function find(words) {
  const score = (r) => {
    const name = r.name.toLowerCase(), text = (r.kind + " " + r.description).toLowerCase();
    let sum = 0;
    for (const word of words) {
      if (name === word) sum += 4;
      else if (name.startsWith(word)) sum += 3;
      else if (name.includes(word)) sum += 2;
      else if (text.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };
  return resources.map((r) => [score(r), r]).filter(([s]) => s > 0)
    .sort((a, b) => b[0] - a[0]).slice(0, most).map(([, r]) => r);
}

box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  list.replaceChildren(...find(words.length ? words : ["\0"]).map((r) => {
    const item = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("small");
    link.href = root + r.href;
    link.textContent = r.name;
    kind.textContent = " " + r.kind;
    link.append(kind);
    item.append(link);
    return item;
  }));
  list.hidden = list.childElementCount === 0;
});
box.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && list.firstElementChild) location.href = list.querySelector("a").href;
  if (e.key === "Escape") list.hidden = true;
});
document.addEventListener("keydown", (e) => {
  if (e.key === "/" && document.activeElement !== box) { e.preventDefault(); box.focus(); }
});
const here = document.querySelector(".graph .here");
if (here) here.scrollIntoView({ block: "nearest", inline: "center" });
