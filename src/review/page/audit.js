/** Every entry of the log, latest first: who did what, when. Nothing in it can be changed. */

import { button, field, fill, h, wide } from "./dom.js";
import { moment, seconds } from "./format.js";

export function auditView({ api, notice }) {
  const input = (name, hint) => h("input", { "aria-label": name, placeholder: hint, size: 16, onchange: () => load() });
  const asked = { who: input("Who", "anybody"), bed: input("Bed", "any bed"), alarm: input("Alarm", "any alarm"), from: h("input", { type: "date", "aria-label": "From day", onchange: () => load() }), until: h("input", { type: "date", "aria-label": "Until day", onchange: () => load() }) };
  const rows = h("tbody", {});
  const older = button("Older", () => load(next), { action: "older" });
  let [next, loading] = [null, 0];
  const element = h("section", { "aria-label": "Audit" }, h("h1", {}, "Audit"), h("p", { class: "quiet" }, "The log is written once: entries are added, never changed. Times are this browser's."),
    h("div", { class: "row" }, field("Who", asked.who), field("Bed", asked.bed), field("Alarm", asked.alarm), field("From", asked.from), field("Until", asked.until)),
    wide("Entries of the log", h("table", { dataset: { testid: "audit" } }, h("thead", {}, h("tr", {}, ["No.", "When", "Who", "Bed", "Patient", "What", ""].map((head) => h("th", { scope: "col" }, head || "Entry")))), rows)), older);

  function row(entry) {
    const whole = h("pre", { hidden: true }, JSON.stringify(entry.entry, null, 1));
    const open = button("Whole", () => { whole.hidden = !whole.hidden; open.setAttribute("aria-expanded", String(!whole.hidden)); });
    open.setAttribute("aria-expanded", "false");
    open.setAttribute("aria-label", `Whole entry ${entry.seq}`);
    return h("tr", {}, h("td", { class: "n" }, String(entry.seq)), h("td", {}, moment(seconds(entry.time))), h("td", {}, entry.who), h("td", {}, entry.bed ?? ""), h("td", {}, entry.patient ?? ""),
      h("td", {}, entry.what, entry.alarm ? h("div", { class: "quiet" }, `alarm ${entry.alarm}`) : null), h("td", {}, open, whole));
  }

  async function load(before = null) {
    const mine = ++loading;
    const query = Object.fromEntries(Object.entries(asked).map(([name, control]) => [name, control.value.trim()]));
    // Days are this browser's as the times are, and the last one belongs to what is asked for.
    const midnight = (day, later) => { const [y, m, d] = day.split("-").map(Number); return new Date(y, m - 1, d + later).toISOString(); };
    if (query.from) query.from = midnight(query.from, 0);
    if (query.until) query.until = midnight(query.until, 1);
    try {
      const told = await api.get("/audit", { ...query, before });
      if (mine !== loading) return;
      if (before === null) fill(rows);
      rows.append(...told.entries.map(row));
      if (!rows.children.length) rows.append(h("tr", {}, h("td", { colspan: 7 }, "No entry fits.")));
      next = told.next;
      older.hidden = next === null;
    } catch (error) { if (mine === loading) notice(error.message); }
  }

  return { name: "Audit", element, needs: "review", show: () => load() };
}
