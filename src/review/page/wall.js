/** The live wall: a tile for each bed. */

import { part } from "./api.js";
import { colour, fill, fit, h } from "./dom.js";
import { span } from "./format.js";
import { NO_SIGNAL_S } from "./store.js";

/** Derivations of a strip. */
const DERIVATIONS = 18;
/** Seconds that a tile shows. */
const SHOWN_S = 10;
const ABSENT = -128;

/** Draws the last seconds: a second keeps its place while later ones come in from the right. */
function drawStrips(canvas, strips) {
  const { context, width, height } = fit(canvas);
  context.clearRect(0, 0, width, height);
  const last = strips.at(-1);
  if (!last) return;
  context.strokeStyle = colour("trace");
  context.lineWidth = 0.8;
  const row = height / DERIVATIONS;
  for (const strip of strips) {
    const signed = new Int8Array(strip.bytes.buffer);
    const left = width * (1 - (last.second - strip.second + 1) / SHOWN_S);
    if (left < -width / SHOWN_S) continue;
    const wide = width / SHOWN_S / strip.columns;
    context.beginPath();
    for (let d = 0; d < DERIVATIONS; d += 1) {
      for (let c = 0; c < strip.columns; c += 1) {
        const at = (d * strip.columns + c) * 2;
        if (signed[at] === ABSENT) continue;
        // A row is 150 uV tall; negative is up.
        const y = (step) => row * (d + 0.5) + (step * strip.uv_per_step * row) / 150;
        const x = left + (c + 0.5) * wide;
        if (c) context.lineTo(x, y(signed[at])); else context.moveTo(x, y(signed[at]));
        context.lineTo(x, y(signed[at + 1]));
      }
    }
    context.stroke();
  }
}

/** Probabilities of a seizure (full) and of abnormal EEG (dashed) over five minutes. */
function drawProbabilities(canvas, seconds) {
  const { context, width, height } = fit(canvas);
  context.clearRect(0, 0, width, height);
  const last = seconds.at(-1);
  if (!last) return;
  for (const [place, name, dash] of [[1, "abnormal", [3, 2]], [0, "seizure", []]]) {
    context.strokeStyle = colour(name);
    context.lineWidth = place ? 1 : 1.6;
    context.setLineDash(dash);
    context.beginPath();
    let pen = false;
    for (const { second, values } of seconds) {
      if (!values) { pen = false; continue; }
      const [x, y] = [width * (1 - (last.second - second) / 300), height - 2 - values[place] * (height - 4)];
      if (pen) context.lineTo(x, y); else context.moveTo(x, y);
      pen = true;
    }
    context.stroke();
  }
  context.setLineDash([]);
}

/** What a bed's state is, in a word and a kind of tag. */
function stateOf(status) {
  if (status.maintenance) return ["maintenance", "low"];
  if (status.alarming) return ["SEIZURE ALARM", "high"];
  if (status.phase === "ended") return ["ended", ""];
  if (status.phase === "unusable") return ["cannot be watched", "medium"];
  if (status.phase === "connecting") return ["connecting", "medium"];
  return status.label ? [status.label, status.label === "non-seizure" ? "good" : ""] : ["not judged", "medium"];
}

export function wallView({ store, session, live }) {
  const tiles = new Map();
  const wall = h("div", { id: "wall" });
  const empty = h("p", { class: "quiet" }, "No bed is being watched. Beds are described in vigil.toml, or added over the API.");
  const element = h("section", { "aria-label": "Ward" }, h("h1", {}, "Ward"), empty, wall);

  function make(bed) {
    const parts = {
      title: h("a", { href: `#/bed/${part(bed)}` }, bed), patient: h("span", { class: "quiet" }), state: h("span", { class: "tag" }),
      strip: h("canvas", { class: "strip", role: "img", "aria-label": `last ${SHOWN_S} s of EEG of ${bed}` }),
      probability: h("canvas", { class: "probability", role: "img", "aria-label": `probability of a seizure of ${bed}, last 5 min` }),
      figures: h("div", { class: "quiet" }), technical: h("div", { class: "technical" }),
      // For the eyes: read aloud, it would be told again each second.
      since: h("div", { "aria-hidden": "true" }),
    };
    parts.overlay = h("div", { class: "overlay", role: "status", hidden: true, dataset: { testid: "no-signal" } }, h("div", {}, "NO SIGNAL"), parts.since);
    const tile = h("article", { class: "tile", "aria-label": `bed ${bed}`, dataset: { testid: "tile", bed } },
      h("header", {}, parts.title, parts.patient, h("span", { class: "grow" }), parts.state),
      h("div", { class: "signal" }, parts.strip, parts.probability, parts.overlay), parts.figures, parts.technical);
    tile.addEventListener("click", () => { location.hash = `#/bed/${part(bed)}`; });
    return { tile, parts };
  }

  function paint(bed) {
    const known = store.beds.get(bed);
    const made = tiles.get(bed);
    if (!known || !made || !element.isConnected) return;
    const { status } = known;
    const { tile, parts } = made;
    const [word, kind] = stateOf(status);
    parts.state.textContent = word;
    parts.state.className = `tag ${kind}`;
    tile.classList.toggle("alarm", status.alarming);
    parts.patient.textContent = session.nameOf(status.patient);
    const p = status.probabilities;
    parts.figures.textContent = p ? `seizure ${p[0].toFixed(2)} · abnormal ${p[1].toFixed(2)} · accumulator ${status.accumulator.toFixed(1)} · ${status.alarms} alarms` : "no verdict yet";
    fill(parts.technical, Object.entries(status.technical).map(([kind_, words]) => h("div", {}, h("span", { class: "tag medium" }, kind_), ` ${words}`)),
      status.reason && !Object.values(status.technical).includes(status.reason) ? h("div", {}, status.reason) : null);
    drawStrips(parts.strip, known.strips);
    drawProbabilities(parts.probability, known.probabilities);
    age(bed);
  }

  /** The overlay is this page's own doing: it needs no message to appear. */
  function age(bed) {
    const known = store.beds.get(bed);
    const made = tiles.get(bed);
    if (!known || !made) return;
    const old = store.ageOf(bed);
    const silent = known.status.phase !== "ended" && (old === null || old > NO_SIGNAL_S || known.status.phase === "connecting");
    made.parts.overlay.hidden = !silent;
    const words = old === null ? "none came yet" : `for ${span(old)}`;
    if (silent && made.parts.since.textContent !== words) made.parts.since.textContent = words;
  }

  function build() {
    const names = [...store.beds.keys()].sort();
    for (const bed of [...tiles.keys()]) if (!names.includes(bed)) tiles.delete(bed);
    for (const bed of names) if (!tiles.has(bed)) tiles.set(bed, make(bed));
    fill(wall, names.map((bed) => tiles.get(bed).tile));
    empty.hidden = names.length > 0;
    names.forEach(paint);
  }

  store.addEventListener("beds", build);
  store.addEventListener("bed", ({ detail }) => paint(detail));
  live.addEventListener("look", () => { if (element.isConnected) for (const bed of tiles.keys()) age(bed); });
  return { name: "Ward", element, show: build };
}
