/** The list of alarms, those that nobody has judged first, and the place where one is looked at and judged. */

import { part } from "./api.js";
import { button, field, fill, h, select } from "./dom.js";
import { explain } from "./explain.js";
import { JUDGEMENT, moment, seconds, span } from "./format.js";
import { Judging } from "./judging.js";
import { PAUSED_S } from "./notices.js";
import { Workspace } from "./workspace.js";

const DAYS = [[1, "1 day"], [7, "7 days"], [30, "30 days"], [36500, "all"]];
const SHOWN = [["seizure", "seizure alarms"], ["unreviewed", "not reviewed"], ["open", "open"], ["technical", "technical"]];
/** Rows that are made at once; the rest is counted. */
const ROWS = 400;

/** Not judged comes first; within that, the latest. */
function inOrder(a, b) {
  const waits = (alarm) => (alarm.kind === "seizure" && !alarm.review ? 0 : 1);
  return waits(a) - waits(b) || b.raised.localeCompare(a.raised);
}

export function alarmsView(context) {
  const { api, session, store, unsaved, notice } = context;
  const space = new Workspace(context);
  let [days, shown, list, chosen, order] = [7, "seizure", new Map(), null, []];
  const judging = new Judging(space.pane, () => session.why("review") ?? (alarm()?.kind === "seizure" ? undefined : "a technical alarm is not judged"), judge);
  const rows = h("ol", { "aria-label": "Alarms", dataset: { testid: "alarms" } });
  const count = h("p", { class: "quiet" });
  const about = h("div", { class: "panel about" });
  const explained = h("div", { class: "panel", hidden: true, "aria-label": "Explanation" });
  const tools = h("div", { class: "row" });
  const side = h("div", { class: "side" }, about, judging.element, space.pane.element, explained, space.trend.element);
  const element = h("section", { class: "work", "aria-label": "Alarms" }, h("div", { class: "list" }, h("h1", { class: "unseen" }, "Alarms"), tools, count, rows), side);

  const alarm = () => list.get(chosen);

  async function load() {
    const query = { from: days > 3650 ? undefined : new Date(Date.now() - days * 864e5).toISOString() };
    if (shown === "open") query.open = true;
    if (shown === "unreviewed") query.unreviewed = true;
    if (shown === "seizure" || shown === "technical") query.kind = shown;
    const found = await api.get("/alarms", query);
    const kept = alarm();
    list = new Map(found.map((each) => [each.alarm, each]));
    // What is being looked at stays in the list though it has been judged meanwhile.
    if (kept && !list.has(kept.alarm)) list.set(kept.alarm, kept);
    order = [...list.values()].sort(inOrder).map((each) => each.alarm);
    paintList();
  }

  function paintList() {
    const waiting = [...list.values()].filter((each) => each.kind === "seizure" && !each.review).length;
    count.textContent = `${order.length} alarms, ${waiting} not reviewed${order.length > ROWS ? `; the first ${ROWS} are listed` : ""}`;
    fill(rows, order.slice(0, ROWS).map((id) => row(list.get(id))));
    rows.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  }

  function row(each) {
    const judged = each.review ? `${JUDGEMENT[each.review.judgement]} (${each.review.by})` : each.kind === "seizure" ? "not reviewed" : each.detail;
    const long = each.ended ? span(seconds(each.ended) - seconds(each.raised)) : "lasts";
    return h("li", { class: `${each.priority} ${each.alarm === chosen ? "chosen" : ""}`, dataset: { alarm: each.alarm, reviewed: each.review?.judgement ?? "" } },
      h("button", { type: "button", "aria-current": each.alarm === chosen ? "true" : undefined, onclick: () => go(each.alarm) },
        h("div", { class: "row" }, h("span", { class: `tag ${each.priority}` }, each.priority), h("strong", {}, each.bed || "ward"), h("span", { class: "quiet" }, session.nameOf(each.patient))),
        h("div", {}, moment(seconds(each.raised)), h("span", { class: "quiet" }, ` · ${long} · ${each.phase.replace("-", " ")}`)),
        h("div", { class: each.review ? "" : "waits" }, judged)));
  }

  function paintAbout() {
    const each = alarm();
    if (!each) { fill(about, h("p", { class: "quiet" }, "No alarm is chosen. j and k go through the list.")); return; }
    const act = session.why("acknowledge");
    const seen = each.acknowledged.map(([who, when]) => `${who} at ${moment(seconds(when))}`).join(", ");
    fill(about, h("div", { class: "row" },
      h("strong", {}, `${each.kind === "seizure" ? "Seizure alarm" : "Technical alarm"}, bed ${each.bed || "of the ward"}, ${session.nameOf(each.patient)}`),
      h("span", { class: `tag ${each.priority}` }, each.priority), h("span", { class: "tag" }, each.phase.replace("-", " ")), h("span", { class: "grow" }),
      button("Take note (a)", () => takeNote(), { action: "acknowledge-chosen", why: act ?? (each.phase === "cleared" ? "it is over" : undefined) }),
      button("Explain (e)", () => explainIt(), { action: "explain", why: each.kind === "seizure" ? undefined : "nothing was judged" }),
      button("Export (x)", () => space.exports(seconds(each.onset ?? each.raised)), { action: "export" })),
    h("div", {}, each.detail), h("div", { class: "quiet" },
      `onset ${each.onset ? moment(seconds(each.onset)) : "not known"} · alarm ${moment(seconds(each.raised))} · ${each.ended ? `over ${moment(seconds(each.ended))}` : "lasts"}`,
      seen ? ` · seen by ${seen}` : " · seen by nobody", each.excluded ? ` · its time does not count as monitored (${each.excluded})` : ""),
    each.review ? h("div", {}, `Judged ${JUDGEMENT[each.review.judgement]} by ${each.review.by} at ${moment(seconds(each.review.time))}: ${each.review.note || "no note"}`) : null,
    each.second_reading ? secondOf(each.second_reading) : null);
  }

  const secondOf = (second) => (second.judgement ? h("div", {}, `Second reader ${second.by}: ${JUDGEMENT[second.judgement]}: ${second.note || "no note"}`) : null);

  function go(id) { location.hash = `#/alarms/${part(id)}`; }

  async function open(id) {
    const other = id !== chosen;
    chosen = id;
    if (!list.has(id)) {
      const found = await api.get(`/alarms/${part(id)}`).catch((error) => { notice(error.message); return null; });
      if (!found) return;
      list.set(id, found.alarm);
      order.unshift(id);
    }
    paintList();
    paintAbout();
    if (!other) return;
    judging.clear(alarm().review);
    explained.hidden = true;
    const each = alarm();
    if (each.bed) await space.open(each.bed, seconds(each.onset ?? each.raised));
  }

  function step(by) {
    const at = order.indexOf(chosen);
    const next = order[Math.min(order.length - 1, Math.max(0, at + by))];
    if (next) go(next);
  }

  async function judge(body) {
    const each = alarm();
    if (!each) return;
    try {
      const whole = { ...session.by(), ...body };
      if (each.review) whole.after = each.review.seq;
      const [at, saved] = [order.indexOf(each.alarm), await unsaved.judge(each.alarm, whole)];
      notice(saved ? `${each.bed}, ${moment(seconds(each.raised))}: ${JUDGEMENT[body.judgement]}.` : "Not saved yet: it is kept here and tried again.");
      const next = order.slice(at + 1).concat(order.slice(0, at)).find((id) => list.get(id)?.kind === "seizure" && !list.get(id).review && id !== each.alarm);
      // Whoever has gone elsewhere meanwhile is not called away from there.
      if (next && !each.review && chosen === each.alarm) go(next);
    } catch (error) { notice(error.message); }
  }

  async function takeNote() {
    const each = alarm();
    if (each) await context.acts.act(each, "acknowledge", {});
  }

  async function explainIt() {
    if (alarm()?.kind !== "seizure") return;
    explained.hidden = false;
    try { space.pane.drive(await explain(api, chosen, explained)); } catch (error) { fill(explained, h("p", {}, `It cannot be explained: ${error.message}`)); }
  }

  function paintTools() {
    fill(tools, field("Show", select("Which alarms", SHOWN, shown, (value) => { shown = value; reload(); })),
      field("of", select("Of how many days", DAYS, days, (value) => { days = Number(value); reload(); })),
      button("Mark missed (m)", () => space.markMissed(), { why: session.why("review"), action: "missed" }));
  }
  const reload = () => load().catch((error) => notice(error.message));

  store.addEventListener("alarm", ({ detail }) => {
    const known = list.has(detail.alarm.alarm);
    list.set(detail.alarm.alarm, detail.alarm);
    if (!known) order.unshift(detail.alarm.alarm);
    if (!element.isConnected) return;
    paintList();
    if (detail.alarm.alarm === chosen) { paintAbout(); judging.paint(); }
  });
  store.addEventListener("stale", () => { if (element.isConnected) reload(); });
  session.addEventListener("names", () => { if (element.isConnected) { paintList(); paintAbout(); } });
  return {
    name: "Alarms", element,
    async show([id]) {
      paintTools();
      judging.paint();
      await reload();
      if (id) await open(decodeURIComponent(id));
      else if (!chosen && order.length) go(order[0]);
      else paintAbout();
    },
    key(event) {
      const acts = { j: () => step(1), k: () => step(-1), e: () => explainIt() };
      // An alarm that is over or seen needs no note: the key then means the first that does, wherever it is.
      if (["active", "latched", "audio-paused"].includes(alarm()?.phase)) {
        acts.a = takeNote;
        acts.p = () => context.acts.act(alarm(), "pause", { seconds: PAUSED_S });
      }
      acts[event.key]?.();
      return Boolean(acts[event.key]) || judging.key(event) || space.key(event);
    },
  };
}
