/** Keyboard focus: keep it inside dialogs, and restore it after a redraw. */

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]";

/** The elements inside `root` that Tab reaches, in order. */
export function tabStops(root) {
  return [...root.querySelectorAll(FOCUSABLE)].filter(
    (node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility({ visibilityProperty: true }),
  );
}

/** Wrap Tab around at the ends of `root`. */
export function trapTab(root, event) {
  if (event.key !== "Tab") return;
  const stops = tabStops(root);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const inside = root.contains(document.activeElement) && document.activeElement !== root;
  if (inside && document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

/**
 * Remember which action inside `node` has the focus, and where its cursor stands; the returned function puts both
 * back into the node that was drawn in its place.
 */
export function holdFocus(node) {
  const active = document.activeElement;
  if (!active || !node.contains(active)) return () => {};
  const action = active.closest("[data-action-id]")?.dataset.actionId;
  const same = `${active.tagName}[type="${active.type}"]`;
  const selection =
    typeof active.selectionStart === "number" ? [active.selectionStart, active.selectionEnd] : null;
  return (fresh) => {
    const place =
      action &&
      [...fresh.querySelectorAll("[data-action-id]")].find((each) => each.dataset.actionId === action);
    const target =
      place &&
      (place.matches("button, input, textarea") ? place : (place.querySelector(same) ?? tabStops(place)[0]));
    target?.focus({ preventScroll: true });
    if (selection && target?.setSelectionRange) target.setSelectionRange(...selection);
  };
}

/** Focus a control. In a group of controls, focus the checked one, or the first. */
export function focusInside(node) {
  const stops = node.matches("[role=group], [role=radiogroup]") ? tabStops(node) : [node];
  const target = stops.find((stop) => stop.checked) ?? stops[0] ?? node;
  target.focus();
  target.scrollIntoView({ block: "nearest" });
}
