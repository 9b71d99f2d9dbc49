/**
 * Judgements on their way. What could not be written - a full disk, a lost connection - stays here and in the browser's
 * storage, is shown, and is tried again; it is never dropped but by the person whose it is. It is sent in that person's
 * name alone, and nobody else at the same screen is shown what it says: they may read the alarm a second time.
 */

import { part, Problem } from "./api.js";
import { ask, button, fill, h } from "./dom.js";
import { JUDGEMENT, moment, seconds } from "./format.js";

const STORED = "vigil-unsaved";
const AGAIN_MS = 5000;
/** Judgements that are shown one by one; those beyond are counted. */
const SHOWN = 3;

/** What became of a judgement: it stands in the log; another's was left standing; it waits here. */
export const [SAVED, THEIRS, WAITING] = ["saved", "theirs", "waiting"];

/** Another has judged meanwhile, and the person has not said which shall stand. */
class Undecided extends Error {}

export class Unsaved extends EventTarget {
  #api; #session; #waiting = []; #busy = false; #stores = true;

  constructor(api, session) {
    super();
    [this.#api, this.#session] = [api, session];
    this.#waiting = this.#read();
    setInterval(() => this.flush(), AGAIN_MS);
    // Another window of this browser has changed the list.
    window.addEventListener("storage", ({ key }) => { if (key === STORED && this.#stores) this.#change((stored) => stored, false); });
  }

  get waiting() { return this.#waiting; }

  /** Whether a judgement is of whoever is here; without accounts it holds its reader's name itself. */
  isMine(entry) { return (entry.person ?? null) === (this.#session.open ? null : this.#session.now.person); }

  /** Sends a judgement. @returns {Promise<string>} what became of it */
  async judge(alarm, body, path = "review") {
    const person = this.#session.open ? null : this.#session.now.person;
    const entry = { id: `${Date.now()}-${Math.random()}`, person, alarm, body, path, at: Date.now() };
    try {
      return await this.#send(entry);
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 401) throw error;
      Object.assign(entry, { why: error.message, undecided: error instanceof Undecided });
      this.#change((stored) => [...stored, entry]);
      return WAITING;
    }
  }

  /** Tries again. @param {boolean} asked whether a person asked for it: then they can be asked as well */
  async flush(asked = false) {
    if (this.#busy || !this.#session.now.signed_in) return;
    this.#busy = true;
    try {
      // One window at a time: two would send the same judgement twice.
      if (navigator.locks) await navigator.locks.request(STORED, { ifAvailable: true }, (lock) => (lock ? this.#sendAll(asked) : null));
      else await this.#sendAll(asked);
    } finally { this.#busy = false; }
  }

  async #sendAll(asked) {
    for (const entry of this.#waiting.filter((each) => this.isMine(each) && (asked || !each.undecided))) {
      try {
        await this.#send(entry);
        this.drop(entry);
      } catch (error) {
        // What will never be taken waits for a person: they see why, and may drop it.
        Object.assign(entry, { why: error.message, undecided: error instanceof Undecided });
        this.#change((stored) => stored.map((each) => (each.id === entry.id ? entry : each)));
      }
    }
  }

  drop(entry) { this.#change((stored) => stored.filter((each) => each.id !== entry.id)); }

  #read() {
    try { return JSON.parse(localStorage.getItem(STORED)) ?? []; } catch { return []; }
  }

  /** Changes the list as it is stored: other windows have theirs in it. Where nothing can be stored it is kept here. */
  #change(how, writes = true) {
    this.#waiting = how(this.#stores ? this.#read() : this.#waiting);
    if (writes) {
      try { localStorage.setItem(STORED, JSON.stringify(this.#waiting)); } catch { this.#stores = false; }
    }
    this.dispatchEvent(new Event("change"));
  }

  async #send(entry) {
    try {
      await this.#api.post(`/alarms/${part(entry.alarm)}/${entry.path}`, entry.body);
      return SAVED;
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
    if (mine === undefined) throw new Undecided("waits for your decision: the alarm has another judgement meanwhile");
    if (!mine) return THEIRS;
    entry.body.after = current.seq;
    return this.#send(entry);
  }
}

/** The list of what is not saved yet. */
export function unsavedBanner(unsaved, session) {
  const banner = h("div", { class: "banner warn", role: "status", hidden: true, dataset: { testid: "unsaved" } });
  async function drop(entry) {
    const sure = await ask("Drop this judgement?", (close) => [
      h("p", {}, `Your judgement of alarm ${entry.alarm} (${JUDGEMENT[entry.body.judgement] ?? ""}; ${entry.body.note || "no note"}) is not in the log, and will be in it no more.`),
      h("div", { class: "row" }, button("Drop it", () => close(true), { action: "drop" }), button("Keep it", () => close(false), { main: true }))]);
    if (sure) unsaved.drop(entry);
  }
  const paint = () => {
    const mine = unsaved.waiting.filter((entry) => unsaved.isMine(entry));
    const others = [...new Set(unsaved.waiting.filter((entry) => !unsaved.isMine(entry)).map((entry) => entry.person ?? "somebody without an account"))];
    banner.hidden = !unsaved.waiting.length || !session.now.signed_in;
    fill(banner, mine.length ? [`${mine.length} judgement(s) not saved yet: `,
      mine.slice(0, SHOWN).map((entry) => [h("span", {}, `${entry.alarm} ${JUDGEMENT[entry.body.judgement] ?? ""} (${entry.why}) `), button("Drop", () => drop(entry), { title: `give up the judgement of ${entry.alarm}` })]),
      button("Try again now", () => unsaved.flush(true))].flat(2) : null,
    others.length ? h("span", {}, `Judgements of ${others.join(", ")} are not saved yet: they wait until their reader is here.`) : null);
  };
  unsaved.addEventListener("change", paint);
  session.addEventListener("change", paint);
  paint();
  return banner;
}
