/** What is known of beds and open alarms, kept up to date by the live connection. Bounded: days may pass. */

import { mark, since } from "./live.js";

/** Seconds of strips and probabilities that a bed keeps. */
const STRIPS = 12;
const PROBABILITIES = 300;
/** After so many milliseconds what could not be read is asked for again. */
const AGAIN_MS = 2000;
/** A sample older than this, in seconds, is no signal. */
export const NO_SIGNAL_S = 3;

export class Store extends EventTarget {
  /** @type {Map<string, {status: Object, age: number|null, at: Object, strips: Object[], probabilities: Object[]}>} */
  beds = new Map();
  /** Open alarms by identity. */
  alarms = new Map();
  #api; #reloads = 0;
  /** Alarms that were told of while everything is being read: they are newer than the answer. */
  #meanwhile = null;

  constructor(api, live) {
    super();
    this.#api = api;
    live.addEventListener("bed", ({ detail }) => this.#bed(detail));
    live.addEventListener("gone", ({ detail }) => { this.beds.delete(detail.bed); this.#tell("beds"); });
    live.addEventListener("alarm", ({ detail }) => this.#alarm(detail));
    live.addEventListener("changed", ({ detail }) => this.#tell(detail.what));
    live.addEventListener("stale", () => this.reload().catch(() => {}));
  }

  async reload() {
    const mine = ++this.#reloads;
    const meanwhile = this.#meanwhile = new Map();
    let beds, alarms;
    try { [beds, alarms] = await Promise.all([this.#api.get("/beds"), this.#api.get("/alarms", { open: true })]); } catch (error) {
      setTimeout(() => { if (mine === this.#reloads) this.reload().catch(() => {}); }, AGAIN_MS);
      throw error;
    }
    if (mine !== this.#reloads) return;
    this.#meanwhile = null;
    for (const name of [...this.beds.keys()]) if (!beds.some((bed) => bed.bed === name)) this.beds.delete(name);
    for (const status of beds) {
      const known = this.beds.get(status.bed);
      if (known) known.status = status;
      else this.beds.set(status.bed, { status, age: null, at: mark(), strips: [], probabilities: [] });
    }
    this.alarms = new Map(alarms.map((alarm) => [alarm.alarm, alarm]));
    for (const alarm of meanwhile.values()) this.#keep(alarm);
    this.#tell("beds");
    this.#tell("alarms");
    this.#tell("stale");
  }

  /** Another is signed in, or nobody: nothing stays from before. */
  clear() {
    this.#reloads += 1;
    this.#meanwhile = null;
    this.beds.clear();
    this.alarms.clear();
    this.#tell("cleared");
    this.#tell("beds");
    this.#tell("alarms");
  }

  /** Seconds since a bed's last sample, by this page's own clocks; null where none ever came. */
  ageOf(bed) {
    const known = this.beds.get(bed);
    return known && known.age !== null ? known.age + since(known.at) : null;
  }

  #bed({ status, age_s: age, strip }) {
    const known = this.beds.get(status.bed) ?? { strips: [], probabilities: [] };
    const isNew = !this.beds.has(status.bed);
    // Another patient, or a time line that began anew: what was drawn is not theirs.
    const began = status.second !== null && status.second < known.probabilities.at(-1)?.second;
    if (began || (!isNew && known.status.patient !== status.patient)) Object.assign(known, { strips: [], probabilities: [] });
    Object.assign(known, { status, age, at: mark() });
    this.beds.set(status.bed, known);
    if (strip) {
      strip.bytes = Uint8Array.from(atob(strip.data), (c) => c.charCodeAt(0));
      known.strips.push(strip);
      known.strips.splice(0, known.strips.length - STRIPS);
    }
    if (known.probabilities.at(-1)?.second !== status.second) {
      known.probabilities.push({ second: status.second, values: status.probabilities, accumulator: status.accumulator });
      known.probabilities.splice(0, known.probabilities.length - PROBABILITIES);
    }
    if (isNew) this.#tell("beds");
    this.dispatchEvent(new CustomEvent("bed", { detail: status.bed }));
  }

  #alarm(alarm) {
    this.#meanwhile?.set(alarm.alarm, alarm);
    this.#keep(alarm);
    this.dispatchEvent(new CustomEvent("alarm", { detail: { alarm } }));
    this.#tell("alarms");
  }

  #keep(alarm) {
    if (alarm.phase === "cleared") this.alarms.delete(alarm.alarm);
    else this.alarms.set(alarm.alarm, alarm);
  }

  #tell(what) { this.dispatchEvent(new Event(what)); }
}
