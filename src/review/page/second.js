/** The second reader, who sees nothing of the first one's judgement, and how far the two agree. */

import { part } from "./api.js";
import { button, fill, h, wide } from "./dom.js";
import { figure, JUDGEMENT, moment, seconds, span } from "./format.js";
import { Judging } from "./judging.js";
import { SAVED, WAITING } from "./unsaved.js";
import { Workspace } from "./workspace.js";

/** Where a second reading is sent. */
const PATH = "second-review";

export function secondView(context) {
  const { api, session, unsaved, store, notice } = context;
  const space = new Workspace(context);
  let [list, chosen, sending] = [[], null, false];
  const judging = new Judging(space.pane, () => session.why("review") ?? (chosen ? undefined : "nothing is left to read"), judge);
  const rows = h("ol", { "aria-label": "Alarms to read a second time", dataset: { testid: "second" } });
  const says = h("p", { class: "quiet" });
  const agreement = h("div", { class: "panel", dataset: { testid: "agreement" } });
  const element = h("section", { class: "work", "aria-label": "Second reader" },
    h("div", { class: "list" }, h("h1", {}, "Second reader"), h("p", { class: "quiet" }, "Alarms that another has judged. What they said is not shown here before you have judged, and the detector's own traces are hidden. Keep away from the list of alarms meanwhile: it tells both."), says, rows),
    h("div", { class: "side" }, judging.element, space.pane.element, space.trend.element, agreement));

  async function load() {
    if (session.open && !session.reader) {
      list = [];
      says.textContent = "Say who you are first (top right): nobody reads twice what they have read.";
    } else {
      const kept = new Set(unsaved.waiting.filter((each) => each.path === PATH && unsaved.isMine(each)).map((each) => each.alarm));
      list = (await api.get("/second-reading", session.by())).filter((each) => !kept.has(each.alarm));
      says.textContent = list.length ? `${list.length} to read` : "Nothing is left for you to read.";
    }
    if (!list.some((each) => each.alarm === chosen)) chosen = null;
    paint();
    await agree();
    if (!chosen && list.length) await open(list[0]);
    else judging.paint();
  }

  function paint() {
    fill(rows, list.map((each) => h("li", { class: each.alarm === chosen ? "chosen" : "", dataset: { alarm: each.alarm } },
      h("button", { type: "button", "aria-current": each.alarm === chosen ? "true" : undefined, onclick: () => open(each) },
        h("strong", {}, each.bed), h("span", { class: "quiet" }, ` ${session.nameOf(each.patient)}`),
        h("div", {}, moment(seconds(each.raised)), each.ended ? ` · ${span(seconds(each.ended) - seconds(each.raised))}` : "")))));
  }

  async function open(each) {
    chosen = each.alarm;
    paint();
    judging.clear(null);
    await space.openBlind(each);
  }

  async function judge(body) {
    const read = chosen;
    if (!read || sending) return;
    sending = true;
    try {
      const became = await unsaved.judge(read, { ...session.by(), ...body }, PATH);
      notice(became === WAITING ? "Not saved yet: it is kept here and tried again." : became === SAVED ? `Read: ${JUDGEMENT[body.judgement]}.` : "The other reading is kept.");
      list = list.filter((each) => each.alarm !== read);
      if (chosen === read) chosen = null;
      await load();
    } catch (error) { notice(error.message); }
    finally { sending = false; }
  }

  async function agree() {
    const told = await api.get("/agreement").catch((error) => { fill(agreement, h("p", {}, error.message)); return null; });
    if (!told) return;
    const words = told.judgements.map((judgement) => JUDGEMENT[judgement]);
    const kappa = told.kappa === null ? "not known: it takes pairs of readings with more than one judgement among them"
      : `${figure(told.kappa, 2)}${told.kappa_ci ? ` (95 % ${figure(told.kappa_ci[0], 2)} to ${figure(told.kappa_ci[1], 2)})` : ""}`;
    fill(agreement, h("h2", {}, "Agreement of first and second readers"),
      h("p", {}, `${told.agree} of ${told.pairs} alarms judged alike. Cohen's kappa: `, h("strong", { dataset: { testid: "kappa" } }, kappa)),
      told.kappa_ci ? h("p", { class: "quiet" }, `Interval: ${told.kappa_ci_method}.`) : null,
      told.pairs ? wide("Table of agreement", h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "first, second"), words.map((word) => h("th", { scope: "col" }, word)))),
        h("tbody", {}, told.table.map((row, i) => h("tr", {}, h("th", { scope: "row" }, words[i]), row.map((n) => h("td", { class: "n" }, String(n)))))))) : null,
      told.disagreements.length ? [h("h2", {}, "Judged differently"), h("ul", { class: "plain" }, told.disagreements.map((each) => h("li", { class: "row" },
        h("a", { class: "as-button", href: `#/alarms/${part(each.alarm)}` }, `${each.bed} ${each.onset ? moment(seconds(each.onset)) : ""}`),
        `${each.first.by}: ${JUDGEMENT[each.first.judgement]} · ${each.second.by}: ${JUDGEMENT[each.second.judgement]}`)))] : null);
  }

  store.addEventListener("cleared", () => { [list, chosen] = [[], null]; judging.clear(null); });
  session.addEventListener("reader", () => { if (element.isConnected) load().catch((error) => notice(error.message)); });
  store.addEventListener("reviews", () => { if (element.isConnected) agree(); });
  return {
    name: "Second reader", element, needs: "review",
    show: () => load().catch((error) => notice(error.message)),
    key: (event) => judging.key(event) || space.key(event),
  };
}
