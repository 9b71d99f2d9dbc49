/** What an alarm rests on: sentences, and by how much the probability falls without each part. */

import { part } from "./api.js";
import { fill, h } from "./dom.js";
import { clock } from "./format.js";

/** Derivations whose absence lowers the probability at least by this share of the largest fall drove the label. */
const DROVE = 0.5;

/** Asks again as often as others are explained first, as long as somebody looks. */
async function inTurn(asked, element, wanted) {
  for (;;) {
    try { return await asked(); } catch (error) {
      if (error.status !== 503 || !error.retryAfterS || !wanted()) throw error;
      fill(element, h("p", { class: "quiet" }, `${error.message}. This page asks again in ${error.retryAfterS} s.`));
      await new Promise((go) => setTimeout(go, error.retryAfterS * 1000));
      // It may be wanted no more by now: then nobody is kept from their turn.
      if (!wanted()) throw error;
    }
  }
}

/**
 * @param {() => boolean} wanted whether the alarm is still the one that is looked at when the answer comes
 * @returns {Promise<string[]>} the derivations that drove it; none where it is wanted no more
 */
export async function explain(api, alarm, element, wanted) {
  fill(element, h("p", { class: "quiet" }, "Asking the networks again, part by part ..."));
  const told = await inTurn(() => api.get(`/alarms/${part(alarm)}/explanation`), element, wanted);
  if (!wanted()) return [];
  const falls = told.derivations.filter((d) => d.present).map((d) => ({ name: d.derivation, fall: d.drop_in_company ?? d.drop ?? 0 }));
  const largest = Math.max(0.001, ...falls.map((d) => d.fall));
  const driving = falls.filter((d) => d.fall >= DROVE * largest && d.fall > 0).map((d) => d.name);
  const bars = (rows) => h("div", { class: "bars" }, rows.flatMap(({ name, fall }) => [
    h("span", {}, name), h("meter", { min: 0, max: largest, value: Math.max(0, fall), "aria-label": `fall without ${name}` }), h("span", {}, fall.toFixed(3)),
  ]));
  fill(element, h("h2", {}, `What the alarm rests on: the second at ${clock(told.time_s)}`), h("ul", {}, told.words.map((words) => h("li", {}, words))),
    h("p", { class: "quiet" }, "By how much the probability of a seizure falls without each part, by today's networks."),
    h("h2", {}, "Rows of electrodes"), bars(told.chains.filter((c) => c.drop !== null).map((c) => ({ name: c.chain, fall: c.drop }))),
    h("h2", {}, "Derivations"), bars(falls),
    h("h2", {}, "Eighths of the second"), bars(told.slices.map((s, i) => ({ name: `${i + 1}/8`, fall: s.drop }))));
  return driving;
}
