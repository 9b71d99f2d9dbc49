/**
 * The live connection. The server beats each second; silence is noticed by this page's own clocks, not by what the
 * network says of itself. `Date.now()` goes on while a machine sleeps, `performance.now()` goes on while somebody sets the
 * clock: the larger difference counts.
 */

/** Silence in seconds after which the connection counts as lost. */
const SILENT_S = 2.5;
/** How often that is looked at, in milliseconds. */
const LOOKED_MS = 250;
/** A step between two looks that only a sleeping machine makes, in seconds. */
const SLEPT_S = 3;

const EVENTS = ["hello", "beat", "bed", "gone", "alarm", "changed", "resync"];

/** A moment by both clocks. */
export const mark = () => ({ wall: Date.now(), steady: performance.now() });
/** Seconds since a moment, by the clock that says more. */
export const since = (at) => Math.max(Date.now() - at.wall, performance.now() - at.steady) / 1000;

export class Live extends EventTarget {
  /** When the last message came. */
  heard = mark();
  lost = false;
  #source = null;
  #looked = mark();
  #opened = mark();
  #looking = null;

  constructor() {
    super();
    document.addEventListener("visibilitychange", () => { if (this.#looking) this.#look(); });
  }

  start() {
    if (this.#looking) return;
    this.heard = mark();
    this.#looked = mark();
    this.#open();
    this.#looking = setInterval(() => this.#look(), LOOKED_MS);
  }

  /** Nobody is signed in: nothing is told. */
  stop() {
    clearInterval(this.#looking);
    this.#looking = null;
    this.#source?.close();
    this.lost = false;
    this.dispatchEvent(new Event("found"));
  }

  /** Seconds of silence. */
  get silence() { return since(this.heard); }

  #open() {
    this.#source?.close();
    this.#opened = mark();
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.heard = mark();
        if (this.lost) {
          this.lost = false;
          this.dispatchEvent(new Event("found"));
        }
        let detail;
        try { detail = JSON.parse(event.data); } catch { return; }
        if (name === "hello" || name === "resync") this.dispatchEvent(new Event("stale"));
        this.dispatchEvent(new CustomEvent(name, { detail }));
      });
    }
  }

  #look() {
    const step = since(this.#looked);
    this.#looked = mark();
    if (step > SLEPT_S) this.#open();
    if (this.silence > SILENT_S) {
      if (!this.lost) {
        this.lost = true;
        this.dispatchEvent(new Event("lost"));
      }
      // The browser's own retry may wait for long: this page asks again by itself.
      if (since(this.#opened) > SILENT_S) {
        this.#open();
        this.dispatchEvent(new Event("again"));
      }
    }
    this.dispatchEvent(new Event("look"));
  }
}
