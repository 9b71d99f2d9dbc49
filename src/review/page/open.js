/** Alarms that nobody has taken note of: they stand above every view, with what is to be done about them. */

import { part } from "./api.js";
import { arrange, button, fill, h } from "./dom.js";
import { clock, seconds } from "./format.js";

/** For how long the sound is turned off, in seconds. */
export const PAUSED_S = 120;
/** Said where a press may have been meant for an alarm that is there no more. */
export const CHANGED = "The alarm has changed: press again.";

/** Alarms that stand one by one; of those beyond, the beds are named. */
const SHOWN = 3;
/** For so many milliseconds after a change a press may be meant for what stood there before. */
const MEANT_MS = 1500;
/** Nothing moves under a pointer that has moved within so many milliseconds. */
const RESTS_MS = 30_000;

/** Letters of a technical alarm's words that stand here; all of them are told among the alarms. */
const LONGEST = 120;

const cut = (words) => (words.length > LONGEST ? `${words.slice(0, LONGEST)} ...` : words);

const PRIORITIES = ["high", "medium", "low"];
/** Phases in which an alarm waits for somebody, in the order in which they are shown. */
const PHASES = ["active", "audio-paused", "latched"];

/** Whether an alarm waits for somebody to take note. */
export const waits = (alarm) => PHASES.includes(alarm?.phase);

/** Seizures first; what lasts before what is over; the latest first. */
function inOrder(a, b) {
  const rank = (alarm) => [alarm.kind === "seizure" ? 0 : 1, PHASES.indexOf(alarm.phase), alarm.kind === "seizure" ? 0 : PRIORITIES.indexOf(alarm.priority)];
  const [one, two] = [rank(a), rank(b)];
  const at = one.findIndex((value, i) => value !== two[i]);
  return at < 0 ? b.raised.localeCompare(a.raised) : one[at] - two[at];
}

/** What stands in a place, and what stood there before it. */
class Place {
  #now = null; #before = null;
  /** When another was there last. */
  changed = -Infinity;

  holds(id) {
    if (id === this.#now) return;
    if (this.#now !== null) [this.#before, this.changed] = [this.#now, performance.now()];
    this.#now = id;
  }

  /** Whether a press now is meant for this alarm and for no other. */
  isFor(id) { return this.#before === null || this.#before === id || performance.now() - this.changed >= MEANT_MS; }
}

/**
 * The banner and its acts. An act is never done to another alarm than the one that was looked at: another nurse may take
 * note of the first one in the moment in which somebody reaches for it.
 */
export function alarmBanner({ api, store, session, notice }) {
  const list = h("div", {});
  const more = h("div", { class: "banner bad", hidden: true });
  const place = h("div", { "aria-live": "assertive", dataset: { testid: "open-alarms" } }, list, more);
  /** @type {Map<string, {element: HTMLElement, words: HTMLElement, buttons: HTMLElement, is: string|null, alarm: Object}>} */
  const rows = new Map();
  const places = [];
  const first = new Place();
  let [open, shown, top, moved, left] = [[], [], null, -Infinity, new Map()];
  place.addEventListener("pointermove", () => { moved = performance.now(); });
  // Whoever goes away lets the rows find their order again.
  place.addEventListener("pointerleave", () => { moved = -Infinity; paint(); });

  const act = async (alarm, what, body) => {
    try { await api.post(`/alarms/${part(alarm.alarm)}/${what}`, { ...session.by(), ...body }); } catch (error) { notice(error.message); }
  };
  const todo = (alarm, what) => act(alarm, what, what === "pause" ? { seconds: PAUSED_S } : {});

  const holds = () => performance.now() - moved < RESTS_MS && place.matches(":hover");

  /** A button was pressed. A row that came under a pointer or a finger just now is not what was reached for; keys are. */
  function pressed(id, what, event) {
    const there = places[shown.indexOf(id)];
    if (event.detail > 0 && !there?.isFor(id) && moved < there?.changed) notice(CHANGED);
    else todo(rows.get(id).alarm, what);
  }

  function wordsOf(alarm, isGone) {
    const state = isGone ? "waits no more" : alarm.phase === "latched" ? "over, nobody has seen it" : alarm.phase === "audio-paused" ? "sound paused" : "now";
    const since = `since ${clock(seconds(alarm.raised))} (${state})`;
    return alarm.kind === "seizure" ? `SEIZURE ALARM, bed ${alarm.bed}, ${session.nameOf(alarm.patient)}, ${since}`
      : `TECHNICAL ALARM, ${alarm.priority}, ${alarm.bed || "ward"}, ${since}: ${cut(alarm.detail)}`;
  }

  function row(id, alarm) {
    if (!rows.has(id)) {
      const [words, buttons] = [h("span", { class: "grow" }), h("span", { class: "row" })];
      rows.set(id, { element: h("div", {}, words, buttons), words, buttons, is: null, alarm });
    }
    const made = rows.get(id);
    if (alarm) made.alarm = alarm;
    const isGone = !alarm;
    const words = wordsOf(made.alarm, isGone);
    const why = isGone ? "it waits no more" : session.why("acknowledge");
    const isOver = made.alarm.phase === "latched";
    // What is as it was stays: a button under a finger, and what was read aloud.
    const is = JSON.stringify([words, why, isOver]);
    if (is === made.is) return made.element;
    made.is = is;
    made.element.className = `banner ${isGone ? "gone" : { high: "bad", medium: "warn", low: "low" }[made.alarm.priority]}`;
    if (isGone) delete made.element.dataset.alarm;
    else made.element.dataset.alarm = id;
    made.words.textContent = words;
    fill(made.buttons, button("Take note (a)", (event) => pressed(id, "acknowledge", event), { action: "acknowledge", why }),
      isOver ? null : button(`Pause sound ${PAUSED_S / 60} min (p)`, (event) => pressed(id, "pause", event), { action: "pause", why }),
      h("a", { class: "as-button", href: `#/alarms/${part(id)}` }, "Look"));
    return made.element;
  }

  function paint() {
    const before = open;
    open = [...store.alarms.values()].filter(waits).sort(inOrder);
    const known = new Map(open.map((alarm) => [alarm.alarm, alarm]));
    const now = performance.now();
    for (const { alarm } of before) if (!known.has(alarm)) left.set(alarm, now);
    left = new Map([...left].filter(([, at]) => now - at < MEANT_MS));
    // Under a pointer every row keeps its place, also one that waits no more; what is new comes below.
    const wanted = open.slice(0, SHOWN).map((alarm) => alarm.alarm);
    shown = holds() ? [...new Set([...shown, ...wanted])] : wanted;
    top = known.get(shown.find((id) => known.has(id))) ?? null;
    first.holds(top?.alarm ?? null);
    for (let i = 0; i < Math.max(shown.length, places.length); i += 1) (places[i] ??= new Place()).holds(shown[i] ?? null);
    arrange(list, shown.map((id) => row(id, known.get(id))));
    for (const id of rows.keys()) if (!shown.includes(id)) rows.delete(id);
    const beyond = open.filter((alarm) => !shown.includes(alarm.alarm));
    const beds = [...new Set(beyond.map((alarm) => alarm.bed || "ward"))].join(", ");
    more.hidden = !beyond.length;
    const words = beyond.length ? `and ${beyond.length} more: ${beds}; see Alarms` : "";
    if (more.textContent !== words) more.textContent = words;
    const seizures = open.filter((alarm) => alarm.kind === "seizure").length;
    const told = session.ended ? "SIGNED OUT: no alarms here, " : seizures ? `(${seizures}) ALARM ` : open.length ? `(${open.length}) TECHNICAL ALARM ` : "";
    document.title = `${told}${session.now.ward || "vigil"} · vigil`;
  }
  // Another person begins anew: what the one before may see is no row for the next.
  store.addEventListener("cleared", () => { [shown, moved] = [[], -Infinity]; });
  store.addEventListener("alarms", paint);
  session.addEventListener("change", paint);
  session.addEventListener("names", paint);
  return {
    element: place, act,
    /** A key was pressed that means the first alarm that stands there. */
    toFirst(what) {
      if (!top) return;
      if (first.isFor(top.alarm)) todo(top, what);
      else notice(CHANGED);
    },
    /** Whether an alarm waited a moment ago and does no more: a key that was meant for it must not fall on another. */
    hasJustLeft: (id) => performance.now() - (left.get(id) ?? -Infinity) < MEANT_MS,
    /** Whether a row says already that a bed gives no signal. */
    tellsOfSilence: (bed) => open.some((alarm) => alarm.bed === bed && shown.includes(alarm.alarm) && /-(no-signal|source-lost)-\d+$/.test(alarm.alarm)),
  };
}
