/** One place at which a stretch of EEG is looked at: pane, trend, and marks of missed seizures. */

import { button, ask, fill, h } from "./dom.js";
import { exportMenu } from "./export.js";
import { JUDGEMENT, moment, seconds } from "./format.js";
import { Pane } from "./pane.js";
import { Trend } from "./trend.js";

/** Seconds before an alarm's onset at which the pane opens. */
export const BEFORE_S = 10;
/** How long a page of a bed that is followed is waited for, in milliseconds. */
const PATIENCE_MS = 10000;
/** How often the trend of a bed that is followed is drawn anew, in seconds. */
const TREND_EVERY_S = 60;

export class Workspace {
  #context; #alarms = []; #opened = 0;
  /** Whether whoever reads shall see nothing of what detector and others say. */
  isBlind = false;

  constructor(context) {
    this.#context = context;
    this.pane = new Pane(context.api);
    this.trend = new Trend(context.api);
    this.pane.addEventListener("moved", () => { if (this.trend.bed === this.pane.bed) this.trend.at(this.pane.fromS); });
    this.trend.addEventListener("seek", ({ detail }) => this.pane.go(detail - BEFORE_S));
  }

  /** Shows a moment of a bed with the alarms around it. */
  async open(bed, atS, { driving } = {}) {
    const { api } = this.#context;
    const mine = ++this.#opened;
    this.blind(false);
    const opened = this.pane.open(bed, atS - BEFORE_S, { driving });
    const alarms = await api.get("/alarms", { bed, kind: "seizure", from: new Date((atS - 86400) * 1000).toISOString(), until: new Date((atS + 86400) * 1000).toISOString() }).catch(() => []);
    await opened;
    // Another place was asked for meanwhile: what came late is not shown there.
    if (mine !== this.#opened) return;
    this.#alarms = alarms;
    this.pane.flag(this.#flags());
    await this.trend.open(bed, atS, this.#alarms);
  }

  /** Shows a moment without a word of anybody's judgement. */
  async openBlind(alarm) {
    const atS = seconds(alarm.onset);
    const mine = ++this.#opened;
    this.blind(true);
    await this.pane.open(alarm.bed, atS - BEFORE_S, { flags: [{ atS, text: "alarm onset", name: "accent" }] });
    if (mine === this.#opened) await this.trend.open(alarm.bed, atS, []);
  }

  blind(blind) {
    [this.isBlind, this.trend.blind] = [blind, blind];
    this.pane.traces.style.visibility = blind ? "hidden" : "";
  }

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
    const note = h("textarea", { rows: 2, maxlength: 2000, "aria-label": "note" });
    const { bed } = this.pane;
    // What was typed stays until it is marked or given up.
    for (let why = null; ;) {
      const sure = await ask("Mark a missed seizure", (close) => [
        h("p", { class: "quiet" }, `Bed ${bed}. Drag over the EEG first to take onset and offset from it. Times are in UTC.`),
        h("div", { class: "row" }, h("label", {}, "Onset ", onset), h("label", {}, "Offset ", offset)), h("label", {}, "Note ", note),
        ...(why ? [h("p", { role: "alert" }, `Not marked: ${why}`)] : []),
        h("div", { class: "row" }, button("Mark", () => close(true), { main: true, action: "mark-missed" }), button("Cancel", () => close(false))),
      ]);
      if (!sure) return;
      try {
        await api.post("/missed", { ...session.by(), bed, onset: onset.value, offset: offset.value, note: note.value });
        notice(`Marked: a missed seizure on bed ${bed} at ${moment(seconds(onset.value))}.`);
        return;
      } catch (error) { why = error.message; }
    }
  }

  exports(aroundS) { return exportMenu({ ...this.#context, pane: this.pane, aroundS: aroundS ?? this.pane.fromS, isBlind: this.isBlind }); }

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
  let [bed, following, lastS, trendS, waitsUntil, cared] = [null, true, null, null, 0, false];
  const tools = h("div", { class: "row" });
  const element = h("section", { class: "side", "aria-label": "Bed" }, tools, space.pane.element, space.trend.element, marks);

  function paint() {
    const status = store.beds.get(bed)?.status;
    fill(head, `Bed ${bed}`, status ? ` · ${session.nameOf(status.patient)}` : "");
    follow.setAttribute("aria-pressed", following);
    cared = Boolean(status?.maintenance);
    care.textContent = status?.maintenance ? `End maintenance (${status.maintenance})` : "Begin maintenance";
    care.disabled = Boolean(session.why("acknowledge"));
    care.title = session.why("acknowledge") ?? "what the detector says meanwhile counts for nothing";
  }

  async function maintain() {
    // What the button said counts, whatever has come meanwhile.
    const begins = !cared;
    try { await context.api.put(`/beds/${encodeURIComponent(bed)}/maintenance`, { ...session.by(), begins }); } catch (error) { context.notice(error.message); }
  }

  async function listMarks() {
    if (!element.isConnected) return;
    const of = bed;
    const mine = (await context.api.get("/missed").catch(() => [])).filter((mark) => mark.bed === of);
    if (of !== bed) return;
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
    // Where an answer takes longer than a second, it is waited for: asking again each second would show none of them.
    if (!following || performance.now() < waitsUntil || !strip || strip.time_s === lastS) return;
    lastS = strip.time_s;
    // The record holds whole seconds a moment later; a growing page is never one that is kept.
    const fromS = Math.floor(strip.time_s) - space.pane.settings.seconds + 1;
    space.pane.forget();
    waitsUntil = performance.now() + PATIENCE_MS;
    const moved = space.pane.bed === bed ? space.pane.go(fromS, performance.now(), { ahead: false }) : space.open(bed, fromS + BEFORE_S);
    moved.finally(() => { waitsUntil = 0; });
    if (space.trend.bed === bed && (trendS === null || Math.abs(lastS - trendS) >= TREND_EVERY_S)) {
      trendS = lastS;
      space.trend.follow(lastS + 1);
    }
  });
  store.addEventListener("marks", listMarks);
  space.trend.addEventListener("seek", () => { following = false; paint(); });
  return {
    name: null, element,
    async show([name]) {
      if (!name) { location.hash = "#/ward"; return; }
      const mine = bed = decodeURIComponent(name);
      [following, lastS, trendS] = [true, null, null];
      fill(tools, head, follow, care, button("Mark missed seizure (m)", () => space.markMissed(), { why: session.why("review"), action: "missed" }), button("Export (x)", () => space.exports()));
      paint();
      listMarks();
      const recorded = await context.api.get(`/beds/${encodeURIComponent(bed)}/recorded`).catch(() => []);
      if (mine !== bed) return;
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
