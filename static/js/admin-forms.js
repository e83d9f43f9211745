// Forms of the admin. A schema grows by a row: the template's inputs are numbered after those that are there.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-add-row]")) button.hidden = false;
});

document.addEventListener("click", (event) => {
  const schema = event.target.closest("[data-add-row]")?.closest("[data-rows]");
  if (!schema) return;
  const count = schema.querySelector(`[name="${CSS.escape(schema.dataset.rows)}-rows"]`);
  const row = schema.querySelector("template").content.cloneNode(true);
  for (const input of row.querySelectorAll("[name]")) {
    input.name = input.name.replace("NUMBER", count.value);
    if (input.ariaLabel) input.ariaLabel = input.ariaLabel.replace("NUMBER", Number(count.value) + 1);
  }
  count.value = Number(count.value) + 1;
  schema.querySelector("tbody").append(row);
  schema.querySelector("tbody tr:last-child input[type=text]").focus();
});

// A new item's attributes are those of its collection, so choosing one asks for the page with its fields.
document.addEventListener("change", (event) => {
  if (event.target.id !== "id_collection" || !document.querySelector("body.model-item.change-form [name=external_id]")) return;
  const kept = new FormData(event.target.form);
  const address = new URL(location.href);
  for (const name of ["collection", "external_id", "title", "url", "image"]) address.searchParams.set(name, kept.get(name) ?? "");
  window.onbeforeunload = null;
  location.assign(address);
});

// The boxes in which people or permissions are chosen are built when the page has loaded; their icons carry a name.
addEventListener("load", () => setTimeout(() => {
  for (const icon of document.querySelectorAll(".help-tooltip[aria-label]")) icon.setAttribute("role", "img");
}));
