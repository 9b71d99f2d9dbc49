/** The EEG pane: a bed's page of EEG with its tools, and the detector's traces under it. */

import { part } from "./api.js";
import { button, colour, field, fill, fit, h, select } from "./dom.js";
import { across, decode, eeg, flag, gaps, grid, middles, PX_PER_MM, scaleBar, times } from "./draw.js";
import { clock, moment, span, utc } from "./format.js";
import { onTheme } from "./theme.js";
import { drawTraces, ROWS } from "./traces.js";

const GAINS = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200];
const PAGES = [10, 15, 20, 30, 60];
const LOW = [0, 0.1, 0.3, 0.5, 1, 1.6, 2, 5];
const HIGH = [0, 15, 30, 35, 50, 70, 100];
const NOTCH = [0, 50, 60];
const MONTAGES = [["longitudinal", "Longitudinal bipolar"], ["transverse", "Transverse bipolar"], ["average", "Average reference"], ["recorded", "As recorded"]];
/** Pages that are kept: the one shown, its neighbours, and where one came from. */
const KEPT = 8;
const STORED = "vigil-pane";

export class Pane extends EventTarget {
  bed = null;
  fromS = 0;
  /** What is shown: page, decoded traces, verdicts. */
  shown = null;
  /** A stretch that was dragged over, in seconds since 1970. */
  selected = null;
  #api; #kept = new Map(); #recorded = []; #hidden = new Set(); #driving = new Set(); #flags = []; #wanted = 0; #drag = null;

  constructor(api) {
    super();
    this.#api = api;
    this.settings = { seconds: 15, gain: 10, montage: "longitudinal", low: 0.5, high: 35, notch: 60, ...stored() };
    this.canvas = h("canvas", { class: "eeg", tabindex: "0", role: "img", "aria-label": "EEG", dataset: { testid: "eeg" } });
    this.traces = h("canvas", { class: "traces", role: "img", "aria-label": `The detector: ${ROWS.join("; ")}`, dataset: { testid: "traces" } });
    this.labels = h("div", { class: "labels" });
    this.says = h("div", { class: "says", "aria-live": "polite" });
    this.tools = h("div", { class: "row tools" });
    const beside = h("div", { class: "labels rows" }, ["probability", "AE error", "accumulator"].map((name) => h("div", { class: "quiet" }, name)));
    this.element = h("section", { class: "pane", "aria-label": "EEG pane" }, this.tools,
      h("div", { class: "frame" }, this.labels, this.canvas, beside, this.traces), this.says);
    this.canvas.addEventListener("pointerdown", (event) => this.#down(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => { this.#drag = null; });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    onTheme(() => this.draw());
    this.#makeTools();
  }

  /** Opens a bed's record at a moment. @param {number} fromS seconds since 1970 */
  async open(bed, fromS, { flags = [], driving = [] } = {}) {
    if (bed !== this.bed) {
      this.#kept.clear();
      this.#recorded = [];
    }
    this.bed = bed;
    this.#api.get(`/beds/${part(bed)}/recorded`).then((recorded) => { if (bed === this.bed) this.#recorded = recorded; }, () => {});
    this.#flags = flags;
    this.#driving = new Set(driving);
    this.selected = null;
    // Nothing of another place stays in sight until this one has come.
    this.shown = null;
    this.says.textContent = "";
    this.draw();
    await this.go(fromS);
  }

  /** Puts flags at moments. */
  flag(flags) { this.#flags = flags; this.draw(); }

  /** Marks the derivations that an alarm rests on. */
  drive(names) { this.#driving = new Set(names); this.draw(); }

  /** Turns pages; `began` is when the key was pressed. */
  async turn(pages, began = performance.now()) {
    if (this.bed) await this.go(this.fromS + pages * this.settings.seconds, began);
  }

  async go(fromS, began = performance.now(), { ahead = true } = {}) {
    this.fromS = fromS;
    const wanted = ++this.#wanted;
    try {
      const [page, said] = await this.#page(fromS);
      if (wanted !== this.#wanted) return;
      this.shown = { page, said, traces: page.traces.map((trace) => ({ ...trace, samples: trace.samples ??= decode(trace.data) })) };
      this.draw();
      // A pixel that is read has been drawn.
      this.canvas.getContext("2d").getImageData(0, 0, 1, 1);
      document.documentElement.dataset.pageTurnMs = (performance.now() - began).toFixed(1);
      if (ahead) this.#fetchAhead(fromS);
    } catch (error) {
      if (wanted !== this.#wanted) return;
      this.shown = null;
      this.draw();
      this.says.textContent = error.message;
    }
    this.dispatchEvent(new Event("moved"));
  }

  /** The pages before and after, where there is a record of them. */
  #fetchAhead(fromS) {
    const { seconds } = this.settings;
    for (const next of [fromS + seconds, fromS - seconds]) {
      if (this.#recorded.some(({ from_s: from, to_s: to }) => next < to && next + seconds > from)) this.#page(next).catch(() => {});
    }
  }

  /** A page that grows is asked for anew. */
  forget() { this.#kept.clear(); }

  #page(fromS) {
    const { seconds, montage, low, high, notch } = this.settings;
    const key = [this.bed, fromS, seconds, montage, low, high, notch].join();
    if (!this.#kept.has(key)) {
      const base = `/beds/${part(this.bed)}`;
      const asked = Promise.all([
        this.#api.get(`${base}/eeg`, { from: fromS, seconds, montage, low_cut: low, high_cut: high, notch }),
        this.#api.get(`${base}/verdicts`, { from: fromS, seconds }).catch(() => null),
      ]).then(([page, said]) => {
        page.traces.forEach((trace) => { trace.samples = decode(trace.data); trace.data = null; });
        // What is missing at a page's end may be recorded a moment later.
        if (page.gaps.some((gap) => gap.to_s > page.from_s + page.seconds - 0.1) && this.#kept.get(key) === asked) this.#kept.delete(key);
        return [page, said];
      });
      asked.catch(() => this.#kept.delete(key));
      this.#kept.set(key, asked);
      while (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    }
    return this.#kept.get(key);
  }

  draw() {
    const { context, width, height } = fit(this.canvas);
    context.clearRect(0, 0, width, height);
    if (!this.shown || width < 10) { drawTraces(this.traces, { from_s: this.fromS, seconds: this.settings.seconds }, null); fill(this.labels); return; }
    const { page, said } = this.shown;
    const traces = this.shown.traces.filter((trace) => !this.#hidden.has(trace.label));
    gaps(context, page, width, height);
    grid(context, page, width, height);
    const x = across(page, width);
    if (this.selected) {
      context.fillStyle = colour("select");
      const [a, b] = this.selected.map(x);
      context.fillRect(Math.min(a, b), 0, Math.abs(b - a), height);
    }
    eeg(context, traces, width, height, this.settings.gain);
    times(context, page, width, height);
    for (const { atS, text, name } of this.#flags) {
      if (atS >= page.from_s && atS < page.from_s + page.seconds) flag(context, x(atS), height, text, name);
    }
    scaleBar(context, page, width, height, this.settings.gain);
    drawTraces(this.traces, page, said);
    const at = middles(traces.length, height);
    fill(this.labels, traces.map((trace, i) => {
      const made = h("button", { type: "button", title: `hide ${trace.label}`, class: this.#driving.has(trace.label) ? "driving" : "",
        onclick: () => { this.#hidden.add(trace.label); this.#makeTools(); this.draw(); } }, trace.label);
      made.style.top = `${at[i]}px`;
      return made;
    }));
    const missing = page.missing.length ? ` · not recorded: ${page.missing.join(", ")}` : "";
    if (!this.selected) {
      fill(this.says, h("span", { title: `${utc(page.from_s)} UTC` }, moment(page.from_s)), ` to ${clock(page.from_s + page.seconds)}`,
        ` · ${page.patient} · bed ${this.bed} · ${page.rate_hz} Hz · negative up${missing}`);
    }
  }

  /** The pane as a picture with a caption. @returns {Promise<Blob>} */
  picture() {
    const { page } = this.shown;
    const scale = window.devicePixelRatio || 1;
    const [w, top] = [this.canvas.width + 100 * scale, 46 * scale];
    const sheet = h("canvas", { width: w, height: this.canvas.height + this.traces.height + top + 8 * scale });
    const context = sheet.getContext("2d");
    context.fillStyle = colour("panel");
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.drawImage(this.canvas, 100 * scale, top);
    context.drawImage(this.traces, 100 * scale, top + this.canvas.height);
    context.fillStyle = colour("ink");
    context.font = `${13 * scale}px system-ui, sans-serif`;
    const { low, high, notch, gain, montage, seconds } = this.settings;
    context.fillText(`${moment(page.from_s)} (${utc(page.from_s)}), ${seconds} s · patient ${page.patient}, bed ${this.bed}`, 8 * scale, 18 * scale);
    context.fillText(`${montage}, ${gain} µV/mm, ${low || "no"} Hz low cut, ${high || "no"} Hz high cut, ${notch || "no"} Hz notch, negative up · vigil, not a medical device`, 8 * scale, 37 * scale);
    const labels = [...this.labels.children];
    labels.forEach((label) => context.fillText(label.textContent, 8 * scale, top + (parseFloat(label.style.top) + 4) * scale));
    return new Promise((done) => sheet.toBlob(done, "image/png"));
  }

  change(settings) {
    Object.assign(this.settings, settings);
    localStorage.setItem(STORED, JSON.stringify(this.settings));
    this.#makeTools();
    if ("gain" in settings && Object.keys(settings).length === 1) this.draw();
    else if (this.bed) this.go(this.fromS);
  }

  louder(steps) {
    const at = GAINS.indexOf(this.settings.gain);
    this.change({ gain: GAINS[Math.min(GAINS.length - 1, Math.max(0, at - steps))] });
  }

  #makeTools() {
    const s = this.settings;
    // The control that was changed is made anew: the keyboard stays on it.
    const held = this.tools.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    const hz = (value) => [value, value ? `${value} Hz` : "off"];
    const choose = (name, options, key, number = true) =>
      field(name, select(name, options, s[key], (value) => this.change({ [key]: number ? Number(value) : value })));
    fill(this.tools,
      button("◀ Page", () => this.turn(-1), { action: "page-back", title: "page back (PageUp, [)" }),
      button("Page ▶", () => this.turn(1), { action: "page-forward", title: "page forward (PageDown, ])" }),
      choose("Montage", MONTAGES, "montage", false),
      choose("Gain", GAINS.map((g) => [g, `${g} µV/mm`]), "gain"),
      choose("Page", PAGES.map((p) => [p, `${p} s`]), "seconds"),
      choose("Low cut", LOW.map(hz), "low"), choose("High cut", HIGH.map(hz), "high"), choose("Notch", NOTCH.map(hz), "notch"),
      this.#hidden.size ? button(`Show ${this.#hidden.size} hidden`, () => { this.#hidden.clear(); this.#makeTools(); this.draw(); },
        { title: [...this.#hidden].join(", ") }) : null);
    if (held) [...this.tools.querySelectorAll("select")].find((control) => control.getAttribute("aria-label") === held)?.focus();
  }

  #timeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const { page } = this.shown;
    return page.from_s + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * page.seconds;
  }

  #down(event) {
    if (!this.shown) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus();
    this.#drag = { fromS: this.#timeAt(event), y: event.clientY };
    this.selected = null;
    this.draw();
  }

  #move(event) {
    if (!this.#drag || !this.shown) return;
    const toS = this.#timeAt(event);
    const [a, b] = [this.#drag.fromS, toS].sort((p, q) => p - q);
    this.selected = [a, b];
    const long = b - a;
    const uv = (Math.abs(event.clientY - this.#drag.y) / PX_PER_MM) * this.settings.gain;
    this.draw();
    this.says.textContent = `${clock(a)} to ${clock(b)}: ${long < 10 ? long.toFixed(2) + " s" : span(long)}, ${Math.round(uv)} µV high` +
      (long > 0.02 && long < 10 ? `, ${(1 / long).toFixed(1)} Hz as one period` : "");
  }
}

function stored() {
  try { return JSON.parse(localStorage.getItem(STORED)) ?? {}; } catch { return {}; }
}
