/** One place at which a stretch of EEG is looked at: pane, trend, and marks of missed seizures. */

import { button, ask, fill, h } from "./dom.js";
import { exportMenu } from "./export.js";
import { JUDGEMENT, moment, seconds } from "./format.js";
import { Pane } from "./pane.js";
import { Trend } from "./trend.js";

/** Seconds before an alarm's onset at which the pane opens. */
export const BEFORE_S = 10;

export class Workspace {
  #context; #alarms = [];

  constructor(context) {
    this.#context = context;
    this.pane = new Pane(context.api);
    this.trend = new Trend(context.api);
    this.pane.addEventListener("moved", () => this.trend.at(this.pane.fromS));
    this.trend.addEventListener("seek", ({ detail }) => this.pane.go(detail - BEFORE_S));
  }

  /** Shows a moment of a bed with the alarms around it. */
  async open(bed, atS, { driving } = {}) {
    const { api } = this.#context;
    this.#alarms = await api.get("/alarms", { bed, kind: "seizure", from: new Date((atS - 86400) * 1000).toISOString(), until: new Date((atS + 86400) * 1000).toISOString() }).catch(() => []);
    this.blind(false);
    await this.pane.open(bed, atS - BEFORE_S, { flags: this.#flags(), driving });
    await this.trend.open(bed, atS, this.#alarms);
  }

  /** Shows a moment without a word of anybody's judgement. */
  async openBlind(alarm) {
    const atS = seconds(alarm.onset);
    await this.pane.open(alarm.bed, atS - BEFORE_S, { flags: [{ atS, text: "alarm onset", name: "accent" }] });
    await this.trend.open(alarm.bed, atS, []);
    this.blind(true);
  }

  blind(blind) { this.pane.traces.style.visibility = blind ? "hidden" : ""; }

  #flags() {
    return this.#alarms.flatMap((alarm) => {
      const judged = alarm.review ? JUDGEMENT[alarm.review.judgement] : "alarm";
      const flags = [{ atS: seconds(alarm.onset), text: `onset (${judged})`, name: "accent" }, { atS: seconds(alarm.raised), text: "alarm", name: "high" }];
      if (alarm.review?.onset_us) flags.push({ atS: alarm.review.onset_us / 1e6, text: "reviewed onset", name: "medium" });
      if (alarm.review?.offset_us) flags.push({ atS: alarm.review.offset_us / 1e6, text: "reviewed offset", name: "medium" });
      return flags;
    });
  }

  /** Marks a seizure that no alarm told of: what is selected, or what is typed. */
  async markMissed() {
    const { api, session, notice } = this.#context;
    if (!this.pane.bed) return;
    const [from, to] = this.pane.selected ?? [this.pane.fromS, this.pane.fromS + this.pane.settings.seconds];
    const input = (name, atS) => h("input", { name, value: new Date(atS * 1000).toISOString(), size: 26, "aria-label": name });
    const [onset, offset] = [input("onset", from), input("offset", to)];
    const note = h("textarea", { rows: 2, "aria-label": "note" });
    const sure = await ask("Mark a missed seizure", (close) => [
      h("p", { class: "quiet" }, "Drag over the EEG first to take onset and offset from it. Times are in UTC."),
      h("div", { class: "row" }, h("label", {}, "Onset ", onset), h("label", {}, "Offset ", offset)), h("label", {}, "Note ", note),
      h("div", { class: "row" }, button("Mark", () => close(true), { main: true, action: "mark-missed" }), button("Cancel", () => close(false))),
    ]);
    if (!sure) return;
    try {
      await api.post("/missed", { ...session.by(), bed: this.pane.bed, onset: onset.value, offset: offset.value, note: note.value });
      notice(`Marked: a missed seizure on bed ${this.pane.bed} at ${moment(seconds(onset.value))}.`);
    } catch (error) {
      notice(`Not marked: ${error.message} (onset ${onset.value}, offset ${offset.value}, note ${note.value || "none"})`);
    }
  }

  exports(aroundS) { return exportMenu({ ...this.#context, pane: this.pane, aroundS: aroundS ?? this.pane.fromS }); }

  /** Keys of the pane; whether one was meant. */
  key(event) {
    const { pane } = this;
    const began = performance.now();
    const acts = {
      "[": () => pane.turn(-1, began), "]": () => pane.turn(1, began), PageUp: () => pane.turn(-1, began), PageDown: () => pane.turn(1, began),
      ArrowLeft: () => pane.turn(-1, began), ArrowRight: () => pane.turn(1, began),
      ArrowUp: () => pane.louder(1), ArrowDown: () => pane.louder(-1), "+": () => pane.louder(1), "-": () => pane.louder(-1),
      m: () => this.markMissed(), x: () => this.exports(),
    };
    const act = acts[event.key];
    act?.();
    return Boolean(act);
  }
}

/** A bed live: the page moves on as seconds come. */
export function bedView(context) {
  const { store, session } = context;
  const space = new Workspace(context);
  const head = h("h1", {});
  const follow = button("Follow", () => { following = !following; paint(); }, { title: "move on as seconds come" });
  const care = button("Maintenance", maintain);
  const marks = h("div", {});
  let bed = null, following = true, lastS = null;
  const tools = h("div", { class: "row" });
  const element = h("section", { class: "side", "aria-label": "Bed" }, tools, space.pane.element, space.trend.element, marks);

  function paint() {
    const status = store.beds.get(bed)?.status;
    fill(head, `Bed ${bed}`, status ? ` · ${session.nameOf(status.patient)}` : "");
    follow.setAttribute("aria-pressed", following);
    care.textContent = status?.maintenance ? `End maintenance (${status.maintenance})` : "Begin maintenance";
    care.disabled = Boolean(session.why("acknowledge"));
    care.title = session.why("acknowledge") ?? "what the detector says meanwhile counts for nothing";
  }

  async function maintain() {
    const begins = !store.beds.get(bed)?.status.maintenance;
    try { await context.api.put(`/beds/${encodeURIComponent(bed)}/maintenance`, { ...session.by(), begins }); } catch (error) { context.notice(error.message); }
  }

  async function listMarks() {
    if (!element.isConnected) return;
    const mine = (await context.api.get("/missed").catch(() => [])).filter((mark) => mark.bed === bed);
    fill(marks, mine.length ? h("h2", {}, "Marked as missed") : null, h("ul", { class: "plain" }, mine.map((mark) => h("li", { class: "row" },
      button(moment(mark.onset_us / 1e6), () => { following = false; space.open(bed, mark.onset_us / 1e6); paint(); }), `by ${mark.by}: ${mark.note || "no note"}`,
      button("Withdraw", async () => {
        try { await context.api.post("/missed/withdraw", { ...session.by(), mark: mark.mark }); } catch (error) { context.notice(error.message); }
      }, { why: session.why("review") })))));
  }

  store.addEventListener("bed", ({ detail }) => {
    if (!element.isConnected || detail !== bed) return;
    paint();
    const strip = store.beds.get(bed).strips.at(-1);
    if (!following || !strip || strip.time_s === lastS) return;
    lastS = strip.time_s;
    // The record holds whole seconds a moment later; a growing page is never one that is kept.
    const fromS = Math.floor(strip.time_s) - space.pane.settings.seconds + 1;
    space.pane.forget();
    if (space.pane.bed === bed) space.pane.go(fromS); else space.open(bed, fromS + BEFORE_S);
  });
  store.addEventListener("marks", listMarks);
  space.trend.addEventListener("seek", () => { following = false; paint(); });
  return {
    name: null, element,
    async show([name]) {
      bed = decodeURIComponent(name);
      [following, lastS] = [true, null];
      fill(tools, head, follow, care, button("Mark missed seizure (m)", () => space.markMissed(), { why: session.why("review"), action: "missed" }), button("Export (x)", () => space.exports()));
      paint();
      listMarks();
      const recorded = await context.api.get(`/beds/${encodeURIComponent(bed)}/recorded`).catch(() => []);
      const end = recorded.at(-1)?.to_s;
      if (end) await space.open(bed, end - space.pane.settings.seconds + BEFORE_S);
      else fill(space.pane.says, "Nothing is recorded of this bed yet.");
    },
    key(event) {
      if (["[", "PageUp", "ArrowLeft"].includes(event.key)) { following = false; paint(); }
      return space.key(event);
    },
  };
}
