/** Draws a page of EEG on a canvas: no state, no network. Negative is up, as EEG is read. */

import { colour } from "./dom.js";
import { clock } from "./format.js";

/** CSS pixels of a millimetre; what it is on the glass depends on the screen. */
export const PX_PER_MM = 96 / 25.4;
/** Stands where there is no sample. */
const NO_SAMPLE = -32768;

/** Base64 to signed 16-bit samples. @returns {Int16Array} */
export function decode(text) {
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

/** Where time lies on a page. @returns {(time_s: number) => number} x in pixels */
export const across = (page, width) => (timeS) => ((timeS - page.from_s) / page.seconds) * width;

/** The middle of each trace in pixels. */
export const middles = (count, height) => Array.from({ length: count }, (_, i) => ((i + 0.5) * height) / Math.max(count, 1));

/** Lines of time: each second, stronger each fifth. */
export function grid(context, page, width, height) {
  const x = across(page, width);
  for (let t = Math.ceil(page.from_s); t < page.from_s + page.seconds; t += 1) {
    context.strokeStyle = colour(t % 5 === 0 ? "grid-strong" : "grid");
    context.lineWidth = 1;
    context.beginPath();
    const at = Math.round(x(t)) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, height);
    context.stroke();
  }
}

/** The time at each fifth second, over whatever is drawn there. */
export function times(context, page, width, height) {
  const x = across(page, width);
  context.font = "11px system-ui, sans-serif";
  for (let t = Math.ceil(page.from_s / 5) * 5; t < page.from_s + page.seconds; t += 5) {
    const [at, text] = [x(t) + 2, clock(t)];
    context.fillStyle = colour("panel");
    context.fillRect(at, height - 14, context.measureText(text).width + 4, 14);
    context.fillStyle = colour("quiet");
    context.fillText(text, at + 2, height - 3);
  }
}

/** Time without samples, hatched, with the reason. */
export function gaps(context, page, width, height) {
  const x = across(page, width);
  for (const gap of page.gaps) {
    const [from, to] = [x(gap.from_s), x(gap.to_s)];
    context.fillStyle = colour("gap");
    context.fillRect(from, 0, to - from, height);
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, height);
    context.clip();
    context.strokeStyle = colour("strong-line");
    context.lineWidth = 1;
    context.beginPath();
    for (let at = from - height; at < to; at += 14) { context.moveTo(at, height); context.lineTo(at + height, 0); }
    context.globalAlpha = 0.35;
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = colour("ink");
    context.font = "600 13px system-ui, sans-serif";
    if (to - from > 60) context.fillText(gap.reason, from + 8, 20);
    context.restore();
  }
}

/**
 * The traces: within each column of pixels a line from the lowest to the highest sample, so that no spike is lost.
 * @param {{samples: Int16Array, per_step: number}[]} traces
 * @param {number} gain microvolts of a millimetre
 */
export function eeg(context, traces, width, height, gain) {
  const at = middles(traces.length, height);
  context.strokeStyle = colour("trace");
  context.lineWidth = 1;
  context.lineJoin = "round";
  traces.forEach((trace, i) => {
    const { samples } = trace;
    const pxPerStep = (trace.per_step / gain) * PX_PER_MM;
    const perPx = samples.length / width;
    context.beginPath();
    let pen = false;
    if (perPx <= 2) {
      for (let n = 0; n < samples.length; n += 1) {
        if (samples[n] === NO_SAMPLE) { pen = false; continue; }
        const [x, y] = [n / perPx, at[i] + samples[n] * pxPerStep];
        if (pen) context.lineTo(x, y); else context.moveTo(x, y);
        pen = true;
      }
    } else {
      for (let column = 0; column < width; column += 1) {
        const end = Math.min(samples.length, Math.floor((column + 1) * perPx) + 1);
        let low = 32767, high = NO_SAMPLE;
        for (let n = Math.floor(column * perPx); n < end; n += 1) {
          const value = samples[n];
          if (value === NO_SAMPLE) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
        if (high === NO_SAMPLE) { pen = false; continue; }
        const [top, bottom] = [at[i] + low * pxPerStep, at[i] + high * pxPerStep];
        if (pen) context.lineTo(column, top); else context.moveTo(column, top);
        context.lineTo(column, bottom);
        pen = true;
      }
    }
    context.stroke();
  });
}

/** What a length on the page means: microvolts upright, a second lengthwise. */
export function scaleBar(context, page, width, height, gain) {
  const uv = [10, 20, 50, 100, 200, 500, 1000].find((value) => (value / gain) * PX_PER_MM >= 24) ?? 1000;
  const [tall, wide] = [(uv / gain) * PX_PER_MM, width / page.seconds];
  const [x, y] = [width - wide - 14, height - 22];
  context.fillStyle = colour("panel");
  context.globalAlpha = 0.85;
  context.fillRect(x - 62, y - tall - 10, wide + 72, tall + 28);
  context.globalAlpha = 1;
  context.strokeStyle = colour("ink");
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y - tall);
  context.lineTo(x, y);
  context.lineTo(x + wide, y);
  context.stroke();
  context.fillStyle = colour("ink");
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText(`${uv} µV`, x - 5, y - tall / 2 + 4);
  context.textAlign = "left";
  context.fillText("1 s", x + 2, y + 14);
}

/** An upright line with a word. */
export function flag(context, x, height, text, name) {
  context.strokeStyle = colour(name);
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  context.stroke();
  context.font = "600 12px system-ui, sans-serif";
  const wide = context.measureText(text).width + 8;
  context.fillStyle = colour(name);
  context.fillRect(x, 0, wide, 17);
  context.fillStyle = colour(name === "high" ? "on-high" : name === "medium" ? "on-medium" : "on-accent");
  context.fillText(text, x + 4, 13);
}
