// Keys of the review page: S the same, N not the same, U undecide, K skip. Only where there is a decision form.
document.addEventListener("keydown", (event) => {
  const form = document.getElementById("pair-decision");
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (!form || isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const control = form.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (control) {
    event.preventDefault();
    control.click();
  }
});
