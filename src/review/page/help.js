/** The keys, and what the page is. */

import { ask, button, h } from "./dom.js";

export const KEYS = [
  ["Everywhere", [["1 to 7", "the views, in their order"], ["a", "take note of the first alarm that nobody has seen, or of the one selected"], ["p", "pause its sound for two minutes"], ["t", "light, dark, or as the system is"], ["?", "this help"]]],
  ["Alarms", [["j, k", "next, previous alarm"], ["c", "confirm: a seizure"], ["r", "reject: a false alarm"], ["u", "uncertain"], ["n", "note"], ["o", "take onset and offset from what is dragged over"], ["e", "explain: what the alarm rests on"]]],
  ["EEG", [["[ ] or PageUp PageDown or left right", "page back, forward"], ["up, down", "gain"], ["drag", "measure and select"], ["m", "mark a missed seizure"], ["x", "export"]]],
];

export function showHelp() {
  return ask("Keys", (close) => [
    ...KEYS.flatMap(([title, keys]) => [h("h2", {}, title), h("table", {}, h("tbody", {}, keys.map(([key, words]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, words)))))]),
    h("p", {}, "Priorities of alarms: ", h("span", { class: "tag high" }, "high"), " at once, ", h("span", { class: "tag medium" }, "medium"), " soon, ", h("span", { class: "tag low" }, "low"), " know of it."),
    h("p", { class: "quiet" }, "Research and secondary notification only. vigil is not a medical device: it may miss seizures, and it may call for none."),
    button("Close", () => close(), { main: true }),
  ]);
}
