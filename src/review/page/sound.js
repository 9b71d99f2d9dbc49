/**
 * The sound of alarms, after the manner of IEC 60601-1-8: the highest priority that sounds is heard, in bursts. A lost
 * connection is heard too, and so is a session that ended by itself: whoever hears nothing believes that there is nothing.
 * What the browser does not let be heard is said in a banner before there is an alarm, never passed over.
 */

/** Seconds from the beginning of one burst to that of the next. */
const EVERY_S = { high: 5, medium: 10, low: 30 };
const ORDER = ["high", "medium", "low"];
/**
 * For so many seconds a bed may be in alarm without an alarm in the list: news of beds and of alarms come one after the
 * other, and an alarm that was over and taken note of would be heard once more.
 */
const UNKNOWN_S = 3;
/** How it is heard that no alarm can be heard: the connection is lost, or a session has ended by itself. */
const LOST = "medium";

export class Sound extends EventTarget {
  // Loaded while there is a connection: what is to tell of its loss cannot be fetched then.
  #audio = Object.fromEntries([...document.querySelectorAll("audio[data-burst]")].map((audio) => [audio.dataset.burst, audio]));
  #store; #live; #session;
  #burst = { priority: null, at: -Infinity };
  /** Since when beds are in alarm of which the list of alarms knows nothing. */
  #unknown = new Map();
  /** Whether somebody has heard that the connection is lost, or that nobody is signed in any more. */
  #knowsLost = false; #knowsEnded = false;
  /** Whether the browser refused to play. */
  blocked = false;
  /** Bursts that were played to the end or are being played. */
  played = 0;

  constructor(store, live, session) {
    super();
    [this.#store, this.#live, this.#session] = [store, live, session];
    for (const what of ["alarms", "beds", "bed"]) store.addEventListener(what, () => this.look());
    for (const what of ["lost", "found"]) live.addEventListener(what, () => { this.#knowsLost = false; this.look(); });
    session.addEventListener("change", () => { if (!session.ended) this.#knowsEnded = false; this.look(); });
    // A touch of the page may have let sound in.
    for (const touch of ["click", "keydown"]) document.addEventListener(touch, () => { if (this.blocked) this.probe(); });
    setInterval(() => this.look(), 500);
  }

  /** The priority that is to be heard now; null for silence. */
  wanted() {
    const open = [...this.#store.alarms.values()];
    const sounding = new Set(open.filter((alarm) => alarm.sounds).map((alarm) => alarm.priority));
    // A bed in alarm is heard though the list knows nothing of it: the log may be down.
    const known = new Set(open.filter((alarm) => alarm.kind === "seizure" && alarm.phase !== "latched").map((alarm) => alarm.bed));
    for (const { status } of this.#store.beds.values()) {
      if (this.#isUnknown(status.bed, status.alarming && !known.has(status.bed))) sounding.add("high");
    }
    if ((this.#live.lost && !this.#knowsLost) || (this.#session.ended && !this.#knowsEnded)) sounding.add(LOST);
    return ORDER.find((priority) => sounding.has(priority)) ?? null;
  }

  #isUnknown(bed, unknown) {
    if (!unknown) { this.#unknown.delete(bed); return false; }
    const now = performance.now() / 1000;
    if (!this.#unknown.has(bed)) this.#unknown.set(bed, now);
    return now - this.#unknown.get(bed) >= UNKNOWN_S;
  }

  /** The loss of the connection has been heard: it is silent until the next one. */
  heardLost() {
    this.#knowsLost = true;
    this.look();
  }

  /** That a session ended has been heard: it is silent until the next one ends. */
  heardEnded() {
    this.#knowsEnded = true;
    this.look();
  }

  look() {
    const priority = this.wanted();
    if (!priority) { this.#burst = { priority: null, at: -Infinity }; return; }
    const due = performance.now() / 1000 - this.#burst.at >= EVERY_S[priority];
    if (due || priority !== this.#burst.priority) this.play(priority);
  }

  async play(priority) {
    for (const [name, audio] of Object.entries(this.#audio)) if (name !== priority) audio.pause();
    this.#burst = { priority, at: performance.now() / 1000 };
    if (await this.#heard(priority)) {
      this.played += 1;
      document.documentElement.dataset.soundsPlayed = this.played;
    }
  }

  /** Whether this browser lets anything be heard: a tenth of a second without a sound in it. */
  probe() { return this.#heard("silence"); }

  async #heard(name) {
    const audio = this.#audio[name];
    // What could not be loaded once would be refused for ever: it is loaded anew.
    if (audio.error) audio.load();
    try {
      audio.currentTime = 0;
      await audio.play();
      this.#set(false);
      return true;
    } catch (error) {
      // A burst that another one overtook is none that was refused.
      if (error.name !== "AbortError") this.#set(true);
      return false;
    }
  }

  #set(blocked) {
    if (blocked !== this.blocked) {
      this.blocked = blocked;
      this.dispatchEvent(new Event("change"));
    }
  }
}
