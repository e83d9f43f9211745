// What HTML and htmx alone do not do: keys, short addresses, and a word when the server does not answer.
"use strict";

document.documentElement.classList.add("js");

const byId = (id) => document.getElementById(id);
const hitLinks = () => [...document.querySelectorAll("#hits .hit h3 a")];

function isTyping(element) {
  return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}

function moveFocus(step) {
  const links = hitLinks();
  const position = links.indexOf(document.activeElement);
  if (position + step < 0) {
    byId("q").focus();
  } else {
    links[Math.min(position + step, links.length - 1)]?.focus();
  }
}

function onKey(event) {
  const box = byId("q");
  if (!box || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  const isBox = target === box;
  const isHit = target instanceof Element && target.matches("#hits .hit h3 a");
  if (event.key === "/" && !isTyping(target)) {
    box.focus();
    box.select();
  } else if (event.key === "ArrowDown" && (isBox || isHit) && hitLinks().length) {
    moveFocus(1);
  } else if (event.key === "ArrowUp" && isHit) {
    moveFocus(-1);
  } else if (event.key === "Escape" && isHit) {
    box.focus();
  } else {
    return;
  }
  event.preventDefault();
}

// Empty fields and defaults stay out of the request.
function shorten(event) {
  if (event.detail.verb !== "get") return;
  const parameters = event.detail.formData;
  for (const [name, value] of [...parameters.entries()]) {
    if (value === "" || (name === "mode" && value === "hybrid") || (name === "sort" && value === "relevance")) parameters.delete(name);
  }
}

function say(text) {
  const trouble = byId("trouble");
  if (!trouble) return;
  trouble.textContent = text;
  trouble.hidden = !text;
}

function onError(event) {
  const status = event.detail.xhr?.status;
  if (status === 429) say("That was a little fast. Wait a moment, then go on typing.");
  else if (status === 503) say("Search takes a short break. Try again in a minute; these are the results from before.");
  else say("The search did not answer. Check your connection and try again; these are the results from before.");
}

document.addEventListener("keydown", onKey);
document.addEventListener("htmx:configRequest", shorten);
document.addEventListener("htmx:responseError", onError);
document.addEventListener("htmx:sendError", onError);
document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && say(""));

// Results that arrive while a bound of a filter is typed replace its field: what was typed is put back, and counts once it is left.
const unsent = new Map();
const isBound = (element) => element instanceof Element && element.matches("#results input:not([type=checkbox], [type=radio])");
document.addEventListener("input", (event) => isBound(event.target) && unsent.set(event.target.name, event.target.value));
let isSwapping = false; // a browser calls a field changed that is taken out while it is typed in
document.addEventListener("change", (event) => {
  if (isSwapping) event.stopPropagation();
  else unsent.delete(event.target.name);
}, true);
document.addEventListener("htmx:beforeSwap", ({ detail }) => { isSwapping = detail.shouldSwap && detail.target.id === "results"; });
document.addEventListener("focusout", ({ target }) => {
  if (isBound(target) && target.isConnected && !isSwapping && unsent.has(target.name)) target.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("htmx:afterSwap", () => {
  isSwapping = false;
  for (const [name, typed] of unsent) {
    for (const field of document.getElementsByName(name)) if (isBound(field)) field.value = typed;
  }
});

// "Show more" vanishes under the finger: go on reading at the first new hit.
let hitsBefore = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  hitsBefore = event.detail.target.id === "more" ? hitLinks().length : 0;
});
document.addEventListener("htmx:afterSettle", () => {
  if (hitsBefore) hitLinks()[hitsBefore]?.focus({ preventScroll: true });
  hitsBefore = 0;
});

// Below the box: what was searched for here before, kept in this browser alone, and titles that begin as what is typed.
const RECENT_SHOWN = 8;
const recentKey = () => `akin-recent:${byId("q")?.dataset.suggestions}`;

function recentQueries() {
  try {
    return JSON.parse(localStorage.getItem(recentKey()) ?? "[]").filter((text) => typeof text === "string");
  } catch {
    return []; // storage is switched off, or holds something else
  }
}

function rememberQuery() {
  const text = byId("q")?.value.trim().slice(0, 200);
  if (!text) return;
  const queries = [text, ...recentQueries().filter((known) => known !== text)].slice(0, RECENT_SHOWN);
  try {
    localStorage.setItem(recentKey(), JSON.stringify(queries));
  } catch {
    // nothing is remembered then
  }
}

function showSuggestions(titles) {
  const list = byId("suggestions");
  const typed = byId("q").value.trim().toLowerCase();
  const recent = recentQueries().filter((text) => text.toLowerCase().includes(typed));
  list.replaceChildren(...[...new Set([...recent, ...titles])].map((text) => new Option(text, text)));
}

let latestSuggestion = 0;
async function suggest() {
  const asked = ++latestSuggestion;
  const box = byId("q");
  showSuggestions([]);
  if (box.value.trim().length < 2) return;
  await new Promise((resume) => setTimeout(resume, 150));
  if (asked !== latestSuggestion) return;
  const answer = await fetch(`${box.dataset.suggestions}?${new URLSearchParams({ q: box.value })}`).catch(() => null);
  if (!answer?.ok || asked !== latestSuggestion) return;
  showSuggestions((await answer.json()).suggestions);
}

if (byId("q")?.dataset.suggestions) {
  byId("q").addEventListener("input", suggest);
  byId("q").addEventListener("focus", suggest);
  byId("search").addEventListener("submit", rememberQuery);
  document.addEventListener("click", (event) => event.target.closest?.("#hits a") && rememberQuery());
  addEventListener("pagehide", () => hitLinks().length && rememberQuery());
}
