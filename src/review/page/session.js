/** Who sits before the page, and what they may. */

import { button, fill, h } from "./dom.js";

const STORED = "vigil-reader";
const WORDS = { acknowledge: "take note of alarms", review: "judge alarms, export or re-calibrate", administer: "change beds or accounts", see_names: "see names" };

export class Session extends EventTarget {
  #api; #names = new Map(); #leaves = false;
  /** Whether somebody was signed in here and is no more, though they did not sign out: they believe that alarms reach them. */
  ended = false;
  /** The API's answer: mode, signed_in, person, role, may. */
  now = { mode: "open", signed_in: false, person: null, role: null, may: {}, ward: "", version: "" };

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Asks who is signed in. */
  async load() { this.#take(await this.#api.get("/session")); }

  async signIn(name, password) { this.#take(await this.#api.post("/session", { name, password })); }

  async signOut() {
    this.#leaves = true;
    await this.#api.delete("/session").catch(() => {});
    // An answer to an earlier question may have come in between, and said that somebody is here.
    this.#leaves = true;
    await this.load();
  }

  get may() { return this.now.may ?? {}; }
  /** Without accounts whoever acts says who they are. */
  get open() { return this.now.mode === "open"; }
  get reader() { return this.open ? localStorage.getItem(STORED) ?? "" : this.now.person ?? ""; }
  set reader(name) {
    localStorage.setItem(STORED, name.trim());
    this.dispatchEvent(new Event("reader"));
  }

  /**
   * What stands in the body of an act.
   * @throws {Error} where nobody has said who they are
   */
  by() {
    if (!this.open) return {};
    if (!this.reader) {
      this.dispatchEvent(new Event("nameless"));
      throw new Error("say who you are first: the log keeps who did what");
    }
    return { by: this.reader };
  }

  /** Why something may not be done; undefined where it may. */
  why(right) {
    if (this.may[right]) return undefined;
    return this.now.role ? `the role ${this.now.role} may not ${WORDS[right] ?? right}` : "nobody is signed in";
  }

  /** A patient as this role may see them: by name where it may and there is one, by id otherwise. */
  nameOf(patient) {
    const name = this.#names.get(patient);
    return name ? `${name} (${patient})` : patient;
  }

  async loadNames() {
    if (!this.now.signed_in) return;
    const patients = await this.#api.get("/patients").catch(() => []);
    this.#names = new Map(patients.filter((patient) => patient.name).map((patient) => [patient.patient, patient.name]));
    this.dispatchEvent(new Event("names"));
  }

  #take(answer) {
    this.ended = !answer.signed_in && !this.#leaves && (this.ended || this.now.signed_in);
    if (answer.signed_in) this.#leaves = false;
    this.now = answer;
    this.#api.csrf = answer.csrf;
    if (!answer.signed_in) this.#names.clear();
    this.dispatchEvent(new Event("change"));
  }
}

/** The form in front of everything where there are accounts and nobody is signed in. */
export function signInView(session) {
  const name = h("input", { name: "name", autocomplete: "username", required: true, maxlength: 64 });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: 1024 });
  const says = h("p", { role: "alert" });
  const enter = h("button", { type: "submit", class: "main" }, "Sign in");
  const form = h("form", { class: "panel sign-in", "aria-label": "Sign in", onsubmit: async (event) => {
    event.preventDefault();
    enter.disabled = true;
    fill(says);
    try { await session.signIn(name.value, password.value); } catch (error) {
      says.textContent = error.retryAfterS ? `${error.message} Try again in ${error.retryAfterS} s.` : error.message;
      password.value = "";
      password.focus();
    }
    enter.disabled = false;
  } }, h("h1", {}, "Sign in"), h("label", {}, "Name ", name), h("label", {}, "Password ", password), enter, says);
  return { element: form, focus: () => name.focus() };
}

/** Top right: who is here, and the way in or out. */
export function whoIsHere(session) {
  const place = h("span", { class: "row" });
  const reader = h("input", { "aria-label": "Who you are: the log keeps who did what", placeholder: "your name", size: 14, maxlength: 64, id: "reader" });
  reader.addEventListener("change", () => { session.reader = reader.value; });
  const paint = () => {
    const { now } = session;
    if (session.open) {
      reader.value = session.reader;
      fill(place, h("label", { class: "field" }, h("span", { class: "quiet" }, "You are"), reader));
    } else if (now.signed_in) {
      fill(place, h("a", { href: "#/account" }, `${now.person} (${now.role})`), button("Sign out", () => session.signOut(), { action: "sign-out" }));
    } else fill(place);
  };
  session.addEventListener("change", paint);
  session.addEventListener("nameless", () => { reader.focus(); reader.classList.add("wanted"); });
  session.addEventListener("reader", () => reader.classList.toggle("wanted", !session.reader));
  paint();
  return place;
}
