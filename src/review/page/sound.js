/**
 * The sound of alarms, after the manner of IEC 60601-1-8: the highest priority that sounds is heard, in bursts. What the
 * browser does not let be heard is said in a banner, never passed over.
 */

/** Seconds from the beginning of one burst to that of the next. */
const EVERY_S = { high: 5, medium: 10, low: 30 };
const ORDER = ["high", "medium", "low"];

export class Sound extends EventTarget {
  #audio = document.getElementById("alarm-sound");
  #store;
  #burst = { priority: null, at: -Infinity };
  /** Whether the browser refused to play. */
  blocked = false;
  /** Bursts that were played to the end or are being played. */
  played = 0;

  constructor(store) {
    super();
    this.#store = store;
    for (const what of ["alarms", "beds", "bed"]) store.addEventListener(what, () => this.look());
    setInterval(() => this.look(), 500);
  }

  /** The priority that is to be heard now; null for silence. */
  wanted() {
    const open = [...this.#store.alarms.values()];
    const sounding = new Set(open.filter((alarm) => alarm.sounds).map((alarm) => alarm.priority));
    // A bed in alarm is heard though the list knows nothing of it: the log may be down.
    const known = new Set(open.filter((alarm) => alarm.kind === "seizure" && alarm.phase !== "latched").map((alarm) => alarm.bed));
    for (const { status } of this.#store.beds.values()) {
      if (status.alarming && !known.has(status.bed)) sounding.add("high");
    }
    return ORDER.find((priority) => sounding.has(priority)) ?? null;
  }

  look() {
    const priority = this.wanted();
    if (!priority) { this.#burst = { priority: null, at: -Infinity }; return; }
    const due = performance.now() / 1000 - this.#burst.at >= EVERY_S[priority];
    if (due || priority !== this.#burst.priority) this.play(priority);
  }

  async play(priority) {
    this.#burst = { priority, at: performance.now() / 1000 };
    const source = `/page/sounds/${priority}.wav`;
    // What could not be loaded once would be refused for ever: it is loaded anew.
    if (!this.#audio.src.endsWith(source) || this.#audio.error) this.#audio.src = source;
    try {
      this.#audio.currentTime = 0;
      await this.#audio.play();
      this.played += 1;
      document.documentElement.dataset.soundsPlayed = this.played;
      this.#set(false);
    } catch (error) {
      // A burst that the next one overtook is none that was refused.
      if (error.name !== "AbortError") this.#set(true);
    }
  }

  #set(blocked) {
    if (blocked !== this.blocked) {
      this.blocked = blocked;
      this.dispatchEvent(new Event("change"));
    }
  }
}
