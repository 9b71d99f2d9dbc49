/** The form with which an alarm is judged: the same for the first and for the second reader. */

import { button, fill, h, select } from "./dom.js";
import { clock } from "./format.js";

/** Types in the words of the ILAE; another may be typed. */
const TYPES = ["focal preserved consciousness", "focal impaired consciousness", "focal to bilateral tonic-clonic", "generalized tonic-clonic", "generalized absence", "unknown onset", "unclassified"];
const KEYS = [["c", "seizure", "Seizure (c)"], ["r", "false-alarm", "False alarm (r)"], ["u", "uncertain", "Uncertain (u)"]];

export class Judging {
  #pane; #why; #onJudged; #buttons; #take;
  /** Corrected ends, in seconds since 1970; null where they are as the alarm says. */
  #ends = null;

  /** @param {(body: Object) => Promise<void>} onJudged is given the body of the request */
  constructor(pane, why, onJudged) {
    [this.#pane, this.#why, this.#onJudged] = [pane, why, onJudged];
    this.note = h("input", { "aria-label": "Note (n)", placeholder: "note (n)", maxlength: 2000, class: "grow" });
    this.type = select("Seizure type (ILAE)", [["", "type not given"], ...TYPES.map((type) => [type, type])], "", () => {});
    this.ends = h("span", { class: "quiet" });
    this.#buttons = KEYS.map(([, judgement, words]) => button(words, () => this.#judge(judgement), { action: judgement }));
    this.#take = button("Ends from selection (o)", () => this.takeEnds());
    this.element = h("div", { class: "judge panel", role: "group", "aria-label": "Judgement" }, this.#buttons, this.note, this.type, this.#take, this.ends);
    this.paint();
  }

  /** Begins anew for another alarm. */
  clear(review) {
    this.note.value = review?.note ?? "";
    const type = review?.seizure_type ?? "";
    if (type && !TYPES.includes(type)) this.type.append(h("option", { value: type }, type));
    this.type.value = type;
    this.#ends = review?.onset_us || review?.offset_us ? [review.onset_us, review.offset_us].map((us) => (us ? us / 1e6 : null)) : null;
    this.paint();
  }

  /**
   * Nothing is taken out and put back: while somebody types a note the alarm changes by what others do, and a field that
   * lost the focus for it would let the rest of the note be taken for keys, which judge.
   */
  paint() {
    const why = this.#why();
    for (const each of [...this.#buttons, this.#take]) each.disabled = Boolean(why);
    for (const each of this.#buttons) each.title = why ?? "";
    this.#take.title = why ?? "drag over the EEG from onset to offset first";
    const [onset, offset] = this.#ends ?? [null, null];
    fill(this.ends, this.#ends ? `onset ${onset ? clock(onset) : "as told"}, offset ${offset ? clock(offset) : "as told"} ` : "onset and offset as the alarm says",
      this.#ends ? button("Forget", () => { this.#ends = null; this.paint(); }) : null);
  }

  takeEnds() {
    if (!this.#pane.selected) { this.ends.textContent = "drag over the EEG from onset to offset first"; return; }
    this.#ends = [...this.#pane.selected];
    this.paint();
  }

  key(event) {
    const meant = KEYS.find(([key]) => key === event.key);
    if (meant && !this.#why()) this.#judge(meant[1]);
    else if (event.key === "n") this.note.focus();
    else if (event.key === "o") this.takeEnds();
    else return Boolean(meant);
    return true;
  }

  async #judge(judgement) {
    const body = { judgement, note: this.note.value };
    const text = (s) => (s === null ? undefined : new Date(s * 1000).toISOString());
    if (this.#ends) [body.onset, body.offset] = this.#ends.map(text);
    if (judgement === "seizure" && this.type.value) body.seizure_type = this.type.value;
    await this.#onJudged(body);
  }
}
