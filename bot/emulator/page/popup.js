/** Lists and menus beside a control. They are in the browser's top layer, so that nothing clips them. */

const GAP = 4;
const MARGIN = 8;

/**
 * Show `popup` beside `anchor` until the returned function is called, or until a press elsewhere (`onDismiss`).
 * If the anchor is in a dialog, so is the popup, because everything outside a modal dialog is inert.
 * @param {{matchWidth?: boolean, alignEnd?: boolean, onDismiss: () => void}} options
 */
export function openPopup(popup, anchor, { matchWidth = false, alignEnd = false, onDismiss }) {
  const host = anchor.closest("dialog") ?? document.body;
  popup.setAttribute("popover", "manual");
  popup.classList.add("popup");
  host.append(popup);
  popup.showPopover();

  const place = () => {
    const box = anchor.getBoundingClientRect();
    popup.style.minWidth = matchWidth ? `${box.width}px` : "";
    popup.style.maxWidth = `${Math.min(Math.max(box.width, 420), innerWidth - 2 * MARGIN)}px`;
    popup.style.maxHeight = "";
    const below = innerHeight - box.bottom - GAP - MARGIN;
    const above = box.top - GAP - MARGIN;
    const up = popup.offsetHeight > below && above > below;
    popup.style.maxHeight = `${Math.min(340, Math.max(up ? above : below, 120))}px`;
    const left = alignEnd ? box.right - popup.offsetWidth : box.left;
    popup.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - popup.offsetWidth - MARGIN))}px`;
    popup.style.top = up ? `${box.top - GAP - popup.offsetHeight}px` : `${box.bottom + GAP}px`;
  };
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) onDismiss();
  };
  const moved = (event) => {
    if (!popup.contains(event.target)) place();
  };
  place();
  document.addEventListener("pointerdown", outside, true);
  addEventListener("scroll", moved, true);
  addEventListener("resize", place);
  const observer = new ResizeObserver(place);
  observer.observe(anchor);
  observer.observe(popup);
  return () => {
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("scroll", moved, true);
    removeEventListener("resize", place);
    observer.disconnect();
    popup.remove();
  };
}
