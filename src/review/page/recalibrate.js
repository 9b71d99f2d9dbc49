/** What other settings of a patient's accumulator would have done to the last days, before anyone accepts them. */

import { part } from "./api.js";
import { button, field, fill, h, select, wide } from "./dom.js";
import { figure, JUDGEMENT, moment, seconds, span } from "./format.js";
import { Workspace } from "./workspace.js";

const DAYS = [[1, "1 day"], [3, "3 days"], [7, "7 days"], [14, "14 days"], [30, "30 days"]];
const WORDS = { seizure_probability: "Probability from which a second counts as seizure", threshold: "Accumulator at which an alarm rises", cap: "Largest accumulator", gain: "A seizure second adds", decay_abnormal: "An abnormal second takes away", decay_normal: "A non-seizure second takes away", refractory_s: "Seconds of silence after an alarm", gap_reset_s: "A gap of so many seconds empties it" };
/** Settings that a person may try by hand. */
const TRIED = ["seizure_probability", "threshold", "decay_abnormal", "decay_normal", "refractory_s"];
const COUNTS = [["alarms", "Alarms"], ["false_alarms", "of them false"], ["not_counted", "of them next to what nobody has judged, not counted"], ["confirmed_kept", "Known seizures with an alarm"], ["missed", "Known seizures without an alarm"],
  ["false_alarms_per_hour", "False alarms an hour (95 %)"], ["median_latency_s", "Median seconds from onset to alarm"]];

export function recalibrateView(context) {
  const { api, session, store, notice } = context;
  const space = new Workspace(context);
  let [patient, days, told, loading] = [null, 7, null, 0];
  const wanted = h("input", { type: "number", min: "0.01", max: "60", step: "0.05", value: "0.25", "aria-label": "Wanted false alarms an hour" });
  const tried = Object.fromEntries(TRIED.map((name) => [name, h("input", { type: "number", step: "any", min: "0", size: 7, "aria-label": WORDS[name], placeholder: "as proposed" })]));
  const who = h("span", {});
  const result = h("div", { dataset: { testid: "preview" } });
  const note = h("input", { "aria-label": "Note to the acceptance", placeholder: "why", maxlength: 2000, class: "grow" });
  const look = h("div", { class: "side", hidden: true }, space.pane.element);
  const element = h("section", { "aria-label": "Re-calibration" }, h("h1", {}, "Re-calibration"),
    h("p", {}, "The recorded verdicts of the last days are run again with the settings in use and with others. Confirmed alarms and marks of missed seizures are taken for true, alarms judged false for false; nothing is changed before somebody accepts it."),
    h("div", { class: "row" }, field("Patient", who), field("Last", select("Of how many days", DAYS, days, (value) => { days = Number(value); })), field("False alarms an hour wanted", wanted)),
    h("details", {}, h("summary", {}, "Try settings by hand"), h("div", { class: "row" }, TRIED.map((name) => field(WORDS[name], tried[name])))),
    h("div", { class: "row" }, button("Show what it would have done", () => load(), { main: true, action: "preview" })), result, look);

  const asked = () => ({ days, wanted_per_hour: wanted.value, ...Object.fromEntries(TRIED.map((name) => [name, tried[name].value]).filter(([, value]) => value !== "")) });

  async function load() {
    if (!patient) { notice("No patient lies in a bed."); return; }
    const mine = ++loading;
    fill(result, h("p", { class: "quiet" }, "Running the recorded verdicts again ..."));
    try {
      const answer = await api.get(`/patients/${part(patient)}/recalibration`, asked());
      if (mine === loading) { told = answer; paint(); }
    } catch (error) {
      if (mine === loading) { told = null; fill(result, h("p", { role: "alert" }, error.message)); }
    }
  }

  const cell = (name, side) => {
    if (!told[side]) return h("td", {}, "none");
    const value = told[side][name];
    const text = value === null || value === undefined ? "not known" : figure(value, 3);
    const range = name === "false_alarms_per_hour" ? told[side].interval : null;
    return h("td", { class: "n" }, range ? `${text} (${figure(range[0], 2)} to ${figure(range[1], 2)})` : text);
  };

  function found(title, list, testid) {
    return h("div", { class: "grow" }, h("h2", {}, `${title}: ${list.length}`), h("ul", { class: "plain", dataset: { testid } }, list.slice(0, 100).map((each) => h("li", { class: "row" },
      button(moment(seconds(each.onset)), () => { look.hidden = false; space.pane.open(each.bed, seconds(each.onset) - 10, { flags: [{ atS: seconds(each.onset), text: title, name: "high" }] }); }),
      `bed ${each.bed}${each.seconds ? `, ${span(each.seconds)}` : ""}: `, each.judgement ? JUDGEMENT[each.judgement] : "not judged"))));
  }

  function paint() {
    const changed = told.proposed ? Object.keys(told.now).filter((name) => told.now[name] !== told.proposed[name]) : [];
    const same = changed.length === 0;
    const setting = (value) => h("td", { class: "n" }, typeof value === "number" ? figure(value) : String(value));
    fill(result, h("p", {}, `${figure(told.judged_hours, 3)} hours of recorded verdicts of patient ${session.nameOf(told.patient)}, ${moment(seconds(told.from))} to ${moment(seconds(told.until))}; ${figure(told.hours, 3)} of them count as hours without a seizure. ${told.unreviewed} alarms of this time are not reviewed and count neither way.`),
      told.refused ? h("p", { class: "banner warn", role: "alert" }, `No settings are proposed: ${told.refused}`) : null,
      told.differing_from_log ? h("p", {}, `${told.differing_from_log} alarms differ from the log when the settings in use are run again: settings or networks were others at the time.`) : null,
      told.warnings.map((words) => h("p", { class: "banner warn", role: "alert" }, words)),
      wide("Before and after", h("table", { dataset: { testid: "before-after" } }, h("thead", {}, h("tr", {}, ["", "Settings in use", "Proposed"].map((head) => h("th", { scope: "col" }, head || "Of the time shown")))),
        h("tbody", {}, COUNTS.map(([name, words]) => h("tr", {}, h("th", { scope: "row" }, words), cell(name, "before"), cell(name, "after"))),
          changed.map((name) => h("tr", {}, h("th", { scope: "row" }, WORDS[name] ?? name), setting(told.now[name]), setting(told.proposed[name])))))),
      same && told.proposed ? h("p", {}, "The proposal is what is in use: there is nothing to accept.") : null,
      !told.proposed ? null : h("div", { class: "row top" }, found("Alarms gained", told.gained, "alarms-gained"), found("Alarms lost", told.lost, "alarms-lost")), told.proposed ? h("p", {}, `${told.kept} alarms stay.`) : null,
      h("div", { class: "row" }, note, button("Accept for this patient", accept, { action: "accept", why: session.why("review") ?? (same || !told.proposal ? "there is nothing to accept" : undefined) })),
      h("p", { class: "quiet" }, "These are the days on which the settings were chosen: on days to come they will do less well than here."));
  }

  async function accept() {
    try {
      const done = await api.post(`/patients/${part(patient)}/recalibration`, { ...session.by(), proposal: told.proposal, note: note.value });
      notice(`Accepted for ${session.nameOf(patient)}: ${done.beds.length ? `beds ${done.beds.join(", ")} judge by it now` : "it holds from the next admission on"}.`);
      note.value = "";
      await load();
    } catch (error) {
      notice(error.message);
      if (error.status === 409) await load();
    }
  }

  function choose(id) {
    const patients = [...new Set([...store.beds.values()].map(({ status }) => status.patient))].sort();
    const before = patient;
    patient = id ? decodeURIComponent(id) : patients.includes(patient) ? patient : patients[0] ?? null;
    if (patient && !patients.includes(patient)) patients.push(patient);
    fill(who, select("Patient", patients.map((each) => [each, session.nameOf(each)]), patient, (value) => { patient = value; told = null; fill(result); }));
    if (before !== patient) { told = null; fill(result); }
  }
  // Opened before the beds are known: they are chosen among as soon as they are.
  store.addEventListener("beds", () => { if (element.isConnected && !patient) choose(); });

  return {
    name: "Re-calibration", element, needs: "review",
    show([id]) { choose(id); },
  };
}
