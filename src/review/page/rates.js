/** The measured false alarm rate and sensitivity, each with its interval, its hours, and what is not reviewed yet. */

import { field, fill, h, select } from "./dom.js";
import { figure, interval, moment, share } from "./format.js";

const DAYS = [[1, "1 day"], [7, "7 days"], [30, "30 days"], [36500, "all that is logged"]];
const SVG = "http://www.w3.org/2000/svg";
/** Columns of the ward's table, and how a rate fills them. */
const HEADS = ["Of", "Hours that count", "Alarms", "Seizures", "False", "Uncertain", "Not reviewed", "False alarms an hour (95 %)", "If all not judged were false (95 %)", "", "Sensitivity (95 %)"];

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** An interval as a bar with its point, on an axis from none to `largest`. */
function picture(range, point, largest, words) {
  const [wide, x] = [180, (value) => 4 + (Math.min(value, largest) / largest) * 172];
  const made = svg("svg", { class: "interval", viewBox: `0 0 ${wide} 22`, role: "img", "aria-label": words });
  made.append(svg("line", { class: "axis", x1: 4, x2: 176, y1: 18, y2: 18 }));
  if (range) {
    made.append(svg("line", { class: "bar", x1: x(range.lower), x2: x(range.upper), y1: 10, y2: 10 }));
    for (const end of [range.lower, range.upper]) made.append(svg("line", { class: "bar", x1: x(end), x2: x(end), y1: 6, y2: 14 }));
  }
  if (point !== null) made.append(svg("circle", { class: "point", cx: x(point), cy: 10, r: 3.5 }));
  return made;
}

export function ratesView({ api, store, session, notice }) {
  let [days, loading] = [30, 0];
  const table = h("div", { class: "scroll" });
  const missed = h("div", {});
  const element = h("section", { "aria-label": "Rates" }, h("h1", {}, "Measured rates"),
    h("p", {}, "False alarms are those that a reviewer judged false. Hours are those in which the bed was watched as it should be: maintenance, technical alarms and gaps do not count. Intervals are exact: Garwood for rates, Clopper and Pearson for shares."),
    field("Of the last", select("Of how many days", DAYS, days, (value) => { days = Number(value); load(); })), table, missed);

  function row(rate, name, largest) {
    const per = (value, range) => (value === null ? "not known" : `${figure(value, 2)} (${interval(range, 2)})`);
    const words = `${name}: ${per(rate.false_alarms_per_hour, rate.false_alarms_per_hour_95)} false alarms an hour`;
    const excluded = Object.entries(rate.excluded_h).filter(([, hours]) => hours > 0).map(([why, hours]) => `${figure(hours, 2)} h ${why}`).join(", ");
    const n = (value) => h("td", { class: "n" }, String(value));
    return h("tr", { dataset: { of: rate.of ?? "ward" } }, h("th", { scope: "row" }, name, rate.pooled ? h("div", { class: "quiet" }, "over different detectors") : h("div", { class: "quiet" }, `detector ${rate.detectors[0]?.slice(0, 12) ?? ""}`),
      rate.period_us ? h("div", { class: "quiet" }, `${moment(rate.period_us[0] / 1e6)} to ${moment(rate.period_us[1] / 1e6)}`) : null),
    h("td", { class: "n" }, figure(rate.monitored_h, 3), excluded ? h("div", { class: "quiet" }, `not counted: ${excluded}`) : null),
    n(rate.alarms), n(rate.seizures), n(rate.false_alarms), n(rate.uncertain),
    h("td", { class: "n" }, `${rate.unreviewed} (${share(rate.unreviewed, rate.alarms)})`, rate.alarms_in_excluded ? h("div", { class: "quiet" }, `and ${rate.alarms_in_excluded} in time that does not count`) : null),
    h("td", {}, per(rate.false_alarms_per_hour, rate.false_alarms_per_hour_95)), h("td", {}, per(rate.at_most_per_hour, rate.at_most_per_hour_95)),
    h("td", {}, picture(rate.false_alarms_per_hour_95, rate.false_alarms_per_hour, largest, words)),
    h("td", {}, rate.sensitivity === null ? "not known" : `${Math.round(rate.sensitivity * 100)} % of ${rate.known_seizures} known (${Math.round(rate.sensitivity_95.lower * 100)} to ${Math.round(rate.sensitivity_95.upper * 100)} %)`,
      h("div", { class: "quiet" }, `${rate.missed} marked as missed`)));
  }

  async function load() {
    const mine = ++loading;
    const from = days > 3650 ? undefined : new Date(Date.now() - days * 864e5).toISOString();
    let found;
    try { found = await Promise.all(["ward", "bed", "patient"].map((by) => api.get("/rates", { by, from }))); } catch (error) { notice(error.message); return; }
    if (mine !== loading) return;
    const named = [["ward", () => session.now.ward || "Ward"], ["bed", (of) => `Bed ${of}`], ["patient", (of) => `Patient ${session.nameOf(of)}`]];
    // One axis for all rows, or they could not be compared; a row that knows next to nothing does not stretch it.
    const upper = found.flat().map((rate) => rate.false_alarms_per_hour_95?.upper).filter((value) => value > 0).sort((a, b) => a - b);
    const largest = Math.max(1, upper[Math.floor((upper.length - 1) * 0.8)] ?? 1);
    fill(table, h("table", { dataset: { testid: "rates" } }, h("thead", {}, h("tr", {}, HEADS.map((head) => h("th", { scope: "col" }, head || `0 to ${figure(largest, 2)} an hour`)))),
      h("tbody", {}, found.flatMap((rates, i) => rates.map((rate) => row(rate, named[i][1](rate.of), largest))))));
    const none = found.flat().length === 0;
    fill(missed, none ? h("p", {}, "Nothing has been watched in this time.") : null,
      h("p", { class: "quiet" }, "Sensitivity is counted over seizures that somebody knows of: those behind alarms, and those that a reviewer marked as missed. Where nobody looks for missed ones, it is not known."));
  }

  for (const what of ["reviews", "marks", "maintenance", "stale"]) store.addEventListener(what, () => { if (element.isConnected) load(); });
  store.addEventListener("alarm", () => { if (element.isConnected) load(); });
  return { name: "Rates", element, show: load };
}
