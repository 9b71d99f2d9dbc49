/**
 * Judgements on their way. What could not be written - a full disk, a lost connection - stays here and in the browser's
 * storage, is shown, and is tried again; it is never dropped.
 */

import { part, Problem } from "./api.js";
import { ask, button, h } from "./dom.js";
import { JUDGEMENT, moment, seconds } from "./format.js";

const STORED = "vigil-unsaved";
const AGAIN_MS = 5000;

export class Unsaved extends EventTarget {
  #api; #waiting; #busy = false;

  constructor(api) {
    super();
    this.#api = api;
    try { this.#waiting = JSON.parse(localStorage.getItem(STORED)) ?? []; } catch { this.#waiting = []; }
    setInterval(() => this.flush(), AGAIN_MS);
  }

  get waiting() { return this.#waiting; }

  /** Sends a judgement. @returns {Promise<boolean>} whether it stands in the log */
  async judge(alarm, body, path = "review") {
    const entry = { alarm, body, path, at: Date.now() };
    try {
      return await this.#send(entry);
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 401) throw error;
      entry.why = error.message;
      this.#waiting.push(entry);
      this.#keep();
      return false;
    }
  }

  async flush() {
    if (this.#busy || !this.#waiting.length) return;
    this.#busy = true;
    for (const entry of [...this.#waiting]) {
      try {
        await this.#send(entry);
        this.#drop(entry);
      } catch (error) {
        entry.why = error.message;
        // What will never be taken waits for a person: they see why, and copy or drop it.
      }
    }
    this.#busy = false;
    this.#keep();
  }

  #drop(entry) { this.#waiting = this.#waiting.filter((other) => other !== entry); this.#keep(); }

  #keep() {
    localStorage.setItem(STORED, JSON.stringify(this.#waiting));
    this.dispatchEvent(new Event("change"));
  }

  async #send(entry) {
    try {
      await this.#api.post(`/alarms/${part(entry.alarm)}/${entry.path}`, entry.body);
      this.dispatchEvent(new CustomEvent("saved", { detail: entry.alarm }));
      return true;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 409 && error.body.current)) throw error;
      return this.#settle(entry, error.body.current);
    }
  }

  /** Another has judged meanwhile: both are shown, a person decides. */
  async #settle(entry, current) {
    const told = (review, by, when) => h("div", { class: "panel grow" }, h("strong", {}, by), h("div", {}, JUDGEMENT[review.judgement]),
      h("div", {}, review.note || "no note"), h("div", { class: "quiet" }, when));
    const mine = await ask("Judged meanwhile by another", (close) => [
      h("p", {}, `Alarm ${entry.alarm} has another judgement since you opened it. Nothing has been changed.`),
      h("div", { class: "row" }, told(current, current.by, moment(seconds(current.time))), told(entry.body, "yours, not saved", moment(entry.at / 1000))),
      h("div", { class: "row" }, button("Keep theirs", () => close(false), { main: true, action: "keep-theirs" }),
        button("Save mine after theirs", () => close(true), { action: "save-mine" })),
    ]);
    if (mine === undefined) throw new Error("waits for your decision: the alarm has another judgement meanwhile");
    if (!mine) return true;
    entry.body.after = current.seq;
    return this.#send(entry);
  }
}

/** The list of what is not saved yet. */
export function unsavedBanner(unsaved) {
  const banner = h("div", { class: "banner warn", hidden: true, dataset: { testid: "unsaved" } });
  const paint = () => {
    banner.hidden = !unsaved.waiting.length;
    banner.replaceChildren(`${unsaved.waiting.length} judgement(s) not saved yet: `,
      h("span", {}, unsaved.waiting.slice(0, 3).map((entry) => `${entry.alarm} ${JUDGEMENT[entry.body.judgement] ?? ""} (${entry.why}) `).join("; ")),
      button("Try again now", () => unsaved.flush()));
  };
  unsaved.addEventListener("change", paint);
  paint();
  return banner;
}
