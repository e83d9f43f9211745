// The review of duplicates. Keys: M merge, S the same, N not the same, U undo, J or → next, K or ← previous, R write a reason, Enter or
// Esc leave it. A key works where the page has a control for it. Choosing what a merge keeps shows at once what comes out.
document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, textarea, select, [contenteditable]");
  if (field?.name === "reason" && ["Enter", "Escape"].includes(event.key) && !event.isComposing) {
    event.preventDefault(); // Enter must not decide: a form's first button would be Merge
    field.blur();
    return;
  }
  const isChoosing = field?.type === "radio" && !event.key.startsWith("Arrow");
  if ((field && !isChoosing) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const scope = document.querySelector("#pair-decision, #review-undo") && document;
  const control = scope?.querySelector(`[data-key~="${CSS.escape(event.key.toLowerCase())}"]`);
  if (control) {
    event.preventDefault();
    if (control.matches("input")) control.focus();
    else control.click();
  }
});

let latestPreview = 0;
document.addEventListener("change", async (event) => {
  const result = document.getElementById("merge-result");
  if (!result || !event.target.name?.startsWith("pick.")) return;
  const asked = ++latestPreview;
  const choices = new FormData(document.getElementById("pair-decision"));
  for (const name of ["csrfmiddlewaretoken", "reason"]) choices.delete(name);
  const answer = await fetch(`?${new URLSearchParams(choices)}`);
  if (!answer.ok || asked !== latestPreview) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  result.replaceWith(page.getElementById("merge-result") ?? "");
});
