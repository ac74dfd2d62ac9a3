/** The theme: light, dark, or the system's. */
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "signoff.emulator.theme";
const THEMES = { auto: "as the system", light: "light", dark: "dark" };
const SIGNS = { auto: "auto", light: "sun", dark: "moon" };

function read() {
  try {
    return localStorage.getItem(KEY) in THEMES ? localStorage.getItem(KEY) : "auto";
  } catch {
    return "auto";
  }
}

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Apply the theme of the last visit before anything is drawn. */
export const restoreTheme = () => apply(read());

/** A button that cycles through the three themes. */
export function themeButton() {
  const button = h("button.icon-button.theme", {
    type: "button",
    onclick: () => {
      const names = Object.keys(THEMES);
      draw(names[(names.indexOf(button.dataset.theme) + 1) % names.length], true);
    },
  });
  function draw(theme, keep = false) {
    button.dataset.theme = theme;
    const label = `Colours: ${THEMES[theme]}. Change`;
    button.setAttribute("aria-label", label);
    button.title = label;
    fill(button, icon(SIGNS[theme], 18));
    apply(theme);
    if (!keep) return;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Without storage, the choice lasts until the page is closed.
    }
  }
  draw(read());
  return button;
}
