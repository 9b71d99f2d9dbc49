/** The trend over hours: spectrum of each hemisphere, amplitude-integrated EEG, asymmetry, alarms. A click seeks. */

import { part } from "./api.js";
import { colour, field, fill, fit, h, select } from "./dom.js";
import { clock, JUDGEMENT, seconds, shortDate } from "./format.js";
import { onTheme } from "./theme.js";

const HOURS = [0.25, 1, 2, 6, 12, 24];
/** How the rows share the height. */
const ROWS = [["left, 1–20 Hz", 0.26], ["right, 1–20 Hz", 0.26], ["aEEG µV", 0.2], ["asymmetry", 0.12], ["seizure p.", 0.16]];

/** Dark blue over green to yellow: lightness rises with power, so that it reads without colour. */
function shade(step) {
  const t = (step - 1) / 254;
  const stops = [[20, 10, 60], [40, 70, 140], [30, 140, 130], [120, 200, 80], [250, 235, 60]];
  const at = Math.min(3.999, t * 4), i = Math.floor(at), f = at - i;
  return stops[i].map((low, c) => Math.round(low + (stops[i + 1][c] - low) * f));
}
const SHADES = Array.from({ length: 256 }, (_, i) => (i ? shade(i) : null));
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

export class Trend extends EventTarget {
  #api; #bed = null; #endS = 0; #data = null; #alarms = []; #cursor = null; #hours; #loads = 0;
  /** Whether the detector's probability is left out: for a reader who shall not see it. */
  blind = false;

  constructor(api) {
    super();
    this.#api = api;
    this.#hours = Number(localStorage.getItem("vigil-trend-hours")) || 1;
    this.canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": "Trend over hours: arrow keys move, Enter seeks", dataset: { testid: "trend" } });
    this.says = h("div", { class: "quiet" });
    this.tools = h("div", { class: "row" });
    this.element = h("section", { class: "trend", "aria-label": "Trend" }, this.tools, this.canvas, this.says);
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.#seek((event.clientX - box.left) / box.width);
    });
    this.canvas.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key) || !this.#data) return;
      event.stopPropagation();
      event.preventDefault();
      const step = (event.key === "ArrowLeft" ? -1 : 1) / 120;
      this.#seek(((this.#cursor ?? this.#endS) - this.#data.from_s) / (this.#hours * 3600) + step);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    onTheme(() => this.draw());
    fill(this.tools, h("h2", {}, "Trend"), field("Length", select("Length of the trend", HOURS.map((n) => [n, n < 1 ? "15 min" : `${n} h`]), this.#hours, (value) => {
      this.#hours = Number(value);
      localStorage.setItem("vigil-trend-hours", value);
      this.load();
    })));
  }

  /** Shows a bed's hours around a moment. */
  async open(bed, aroundS, alarms) {
    if (bed !== this.#bed) this.#data = null;
    const inside = this.#data && bed === this.#bed && aroundS > this.#data.from_s && aroundS < this.#endS;
    this.#alarms = alarms;
    this.#cursor = aroundS;
    this.#bed = bed;
    if (inside) { this.draw(); return; }
    this.#endS = aroundS + this.#hours * 1800;
    await this.load();
  }

  /** The bed that is shown. */
  get bed() { return this.#bed; }

  /** Shows the hours before a moment. @param {number} untilS seconds since 1970 */
  follow(untilS) {
    this.#endS = untilS;
    return this.load(false);
  }

  async load(around = true) {
    if (!this.#bed) return;
    const mine = ++this.#loads;
    const long = this.#hours * 3600;
    if (around && this.#cursor !== null) this.#endS = this.#cursor + long / 2;
    const columns = Math.max(100, Math.min(2000, Math.round(this.canvas.clientWidth || 1000)));
    let [data, words] = [null, ""];
    try {
      data = await this.#api.get(`/beds/${part(this.#bed)}/trend`, { from: this.#endS - long, seconds: long, columns });
    } catch (error) { words = error.message; }
    if (mine !== this.#loads) return;
    this.#data = data;
    this.says.textContent = words;
    this.draw();
  }

  /** Where the EEG pane stands. */
  at(timeS) {
    this.#cursor = timeS;
    if (this.#data && (timeS < this.#data.from_s || timeS > this.#endS)) this.load(); else this.draw();
  }

  #seek(share) {
    if (!this.#data) return;
    const timeS = this.#data.from_s + Math.min(1, Math.max(0, share)) * this.#data.columns * this.#data.column_s;
    this.#cursor = timeS;
    this.dispatchEvent(new CustomEvent("seek", { detail: timeS }));
    this.draw();
  }

  draw() {
    const { context, width, height } = fit(this.canvas);
    context.clearRect(0, 0, width, height);
    const data = this.#data;
    if (!data) return;
    const tall = height - 16;
    const x = (timeS) => ((timeS - data.from_s) / (data.columns * data.column_s)) * width;
    let top = 0;
    const rows = ROWS.map(([name, share]) => { const row = { name, top, tall: share * tall - 3 }; top += share * tall; return row; });
    this.#spectrum(context, rows[0], bytes(data.left), width);
    this.#spectrum(context, rows[1], bytes(data.right), width);
    // The aEEG is drawn as it is read: linear to 10 uV, logarithmic to 100.
    const place = (uv) => Math.min(1, uv <= 10 ? uv / 20 : 0.5 + Math.log10(uv / 10) / 2);
    this.#band(context, rows[2], data.aeeg_left, place, "normal", width);
    this.#band(context, rows[2], data.aeeg_right, place, "abnormal", width);
    this.#line(context, rows[3], data.asymmetry.map((v) => (v === null ? null : (v + 1) / 2)), "quiet", width);
    if (!this.blind) this.#line(context, rows[4], data.seizure_probability, "seizure", width);
    context.font = "11px system-ui, sans-serif";
    for (const row of rows) {
      const wide = context.measureText(row.name).width + 6;
      context.fillStyle = colour("panel");
      context.globalAlpha = 0.8;
      context.fillRect(2, row.top + 1, wide, 14);
      context.globalAlpha = 1;
      context.fillStyle = colour("ink");
      context.fillText(row.name, 5, row.top + 12);
    }
    for (const alarm of this.#alarms) {
      const at = x(seconds(alarm.onset ?? alarm.raised));
      if (at < 0 || at > width) continue;
      const word = alarm.review ? JUDGEMENT[alarm.review.judgement] : "unreviewed";
      context.fillStyle = colour(alarm.review?.judgement === "seizure" ? "high" : "ink");
      context.beginPath();
      context.moveTo(at - 5, tall);
      context.lineTo(at + 5, tall);
      context.lineTo(at, tall - 9);
      context.fill();
      context.fillText(word[0].toUpperCase(), at + 5, tall - 1);
    }
    const step = [60, 300, 600, 1800, 3600, 7200, 14400].find((s) => (s / (this.#hours * 3600)) * width > 80) ?? 14400;
    context.fillStyle = colour("quiet");
    for (let t = Math.ceil(data.from_s / step) * step; t < data.from_s + this.#hours * 3600; t += step) {
      context.fillRect(x(t), tall, 1, 4);
      context.fillText(step >= 3600 ? `${shortDate(t)} ${clock(t).slice(0, 5)}` : clock(t).slice(0, 5), x(t) + 3, height - 3);
    }
    if (this.#cursor !== null) {
      context.strokeStyle = colour("focus");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x(this.#cursor), 0);
      context.lineTo(x(this.#cursor), tall);
      context.stroke();
    }
  }

  #spectrum(context, row, steps, width) {
    const { columns, hz } = this.#data;
    const image = new ImageData(columns, hz.length);
    for (let c = 0; c < columns; c += 1) {
      for (let f = 0; f < hz.length; f += 1) {
        const rgb = SHADES[steps[c * hz.length + f]];
        if (!rgb) continue;
        image.data.set([...rgb, 255], ((hz.length - 1 - f) * columns + c) * 4);
      }
    }
    const sheet = new OffscreenCanvas(columns, hz.length);
    sheet.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet, 0, row.top, width, row.tall);
  }

  #band(context, row, band, place, name, width) {
    const perColumn = width / this.#data.columns;
    const y = (uv) => row.top + row.tall * (1 - place(uv));
    context.fillStyle = colour(name);
    context.globalAlpha = 0.6;
    band.low.forEach((low, c) => {
      if (low === null) return;
      const [from, to] = [y(band.high[c]), y(low)];
      context.fillRect(c * perColumn, from, Math.max(1, perColumn), Math.max(1, to - from));
    });
    context.globalAlpha = 1;
  }

  #line(context, row, values, name, width) {
    const perColumn = width / this.#data.columns;
    context.strokeStyle = colour(name);
    context.lineWidth = 1.2;
    context.beginPath();
    let pen = false;
    values.forEach((value, c) => {
      if (value === null) { pen = false; return; }
      const [px, py] = [(c + 0.5) * perColumn, row.top + row.tall * (1 - value)];
      if (pen) context.lineTo(px, py); else { context.moveTo(px - 0.5, py); context.lineTo(px, py); }
      pen = true;
    });
    context.stroke();
  }
}
