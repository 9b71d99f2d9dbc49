/** The detector's traces on the time axis of the EEG: probabilities, the autoencoder's error, the accumulator. */

import { colour, fit } from "./dom.js";
import { across, grid } from "./draw.js";

/** A line through the seconds' middles; broken where a second is absent. */
function line(context, points, name, dash = []) {
  context.strokeStyle = colour(name);
  context.lineWidth = 1.8;
  context.setLineDash(dash);
  context.beginPath();
  let pen = false;
  for (const point of points) {
    if (!point) { pen = false; continue; }
    if (pen) context.lineTo(...point); else context.moveTo(...point);
    pen = true;
  }
  context.stroke();
  context.setLineDash([]);
}

function limit(context, y, width, name, text) {
  context.strokeStyle = colour(name);
  context.lineWidth = 1;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = colour(name);
  context.font = "11px system-ui, sans-serif";
  context.fillText(text, 4, y - 3);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{from_s: number, seconds: number}} page whose time axis is shared
 * @param {Object|null} said the API's traces
 */
export function drawTraces(canvas, page, said) {
  const { context, width, height } = fit(canvas);
  context.clearRect(0, 0, width, height);
  const x = across(page, width);
  const rows = [0, 1, 2].map((i) => ({ top: (i * height) / 3 + 4, tall: height / 3 - 8 }));
  const verdicts = said?.verdicts ?? [];
  context.fillStyle = colour("select");
  for (const v of verdicts) if (v.alarming) context.fillRect(x(v.time_s), 0, x(v.time_s + 1) - x(v.time_s), height);
  grid(context, page, width, height);
  // A second's verdict stands in its middle; a missing second breaks the line.
  const points = (row, value) => verdicts.map((v, i) => {
    const y = value(v);
    const broken = i > 0 && v.time_s - verdicts[i - 1].time_s > 1.5;
    return y === null || broken ? null : [x(v.time_s + 0.5), row.top + row.tall * (1 - Math.min(1, Math.max(0, y)))];
  });
  const [probability, error, accumulator] = rows;
  line(context, points(probability, (v) => v.probabilities?.[2] ?? null), "normal", [2, 3]);
  line(context, points(probability, (v) => v.probabilities?.[1] ?? null), "abnormal", [6, 3]);
  line(context, points(probability, (v) => v.probabilities?.[0] ?? null), "seizure");
  if (said?.seizure_probability) limit(context, probability.top + probability.tall * (1 - said.seizure_probability), width, "quiet", `${said.seizure_probability}`);
  const threshold = said?.ae_threshold ?? 1;
  // The error spans decades: its logarithm, a tenth to ten times the threshold.
  const logarithm = (value) => 0.5 + Math.log10(Math.max(value, 1e-6) / threshold) / 2;
  line(context, points(error, (v) => (v.ae_error === null ? null : logarithm(v.ae_error))), "low");
  if (said?.ae_threshold) limit(context, error.top + error.tall * 0.5, width, "quiet", `flagged above ${Number(threshold.toPrecision(3))}`);
  const alarm = said?.alarm_threshold ?? 6;
  line(context, points(accumulator, (v) => v.accumulator / (2 * alarm)), "high");
  if (said?.alarm_threshold) limit(context, accumulator.top + accumulator.tall * 0.5, width, "quiet", `alarm at ${alarm}`);
}

/** The names of the rows, for whoever cannot see the lines' colours. */
export const ROWS = ["seizure (full), abnormal (dashed), non-seizure (dotted)", "autoencoder's error, logarithmic", "accumulator"];
