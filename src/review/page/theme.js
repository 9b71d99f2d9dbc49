/** Light, dark, or as the system is. Canvases are drawn anew, since they hold colours. */

const STORED = "vigil-theme";
const NAMES = ["system", "light", "dark"];

export const themeName = () => (NAMES.includes(localStorage.getItem(STORED)) ? localStorage.getItem(STORED) : "system");

export function restoreTheme() {
  const name = themeName();
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

export function nextTheme() {
  const name = NAMES[(NAMES.indexOf(themeName()) + 1) % NAMES.length];
  localStorage.setItem(STORED, name);
  restoreTheme();
  document.dispatchEvent(new Event("theme"));
  return name;
}

/** Calls back whenever colours are others. */
export function onTheme(draw) {
  document.addEventListener("theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
