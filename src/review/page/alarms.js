/** The list of alarms, those that nobody has judged first, and the place where one is looked at and judged. */

import { part } from "./api.js";
import { button, field, fill, h, select } from "./dom.js";
import { explain } from "./explain.js";
import { JUDGEMENT, moment, seconds, span } from "./format.js";
import { Judging } from "./judging.js";
import { CHANGED, PAUSED_S, waits } from "./open.js";
import { SAVED, THEIRS, WAITING } from "./unsaved.js";
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
  /** The review that was there when the chosen alarm was opened: another one that comes meanwhile is never overwritten unseen. */
  let seen = null;
  let [loads, shows, fresh, sending, loading] = [0, 0, null, null, null];
  /** The alarm that was asked for and is not open yet: until it is, nothing is chosen, and nothing is judged. */
  let awaited = null;
  const judging = new Judging(space.pane, () => session.why("review") ?? whyNot(), judge);
  const rows = h("ol", { "aria-label": "Alarms", dataset: { testid: "alarms" } });
  const count = h("p", { class: "quiet" });
  const about = h("div", { class: "panel about" });
  const explained = h("div", { class: "panel", hidden: true, "aria-label": "Explanation" });
  const tools = h("div", { class: "row" });
  const side = h("div", { class: "side" }, about, judging.element, space.pane.element, explained, space.trend.element);
  const element = h("section", { class: "work", "aria-label": "Alarms" }, h("div", { class: "list" }, h("h1", { class: "unseen" }, "Alarms"), tools, count, rows), side);

  const alarm = () => list.get(chosen);
  const whyNot = () => {
    if (!alarm()) return awaited ? "the alarm is not open yet" : "no alarm is chosen";
    return alarm().kind === "seizure" ? undefined : "a technical alarm is not judged";
  };
  /** Which alarm the address names; empty where it names none. */
  const named = () => decodeURIComponent(location.hash.match(/^#\/?alarms\/([^/]+)/)?.[1] ?? "");

  /** Whether an alarm belongs into the list as it was asked for. */
  const fits = (each) => {
    if (shown === "open") return each.phase !== "cleared";
    if (shown === "unreviewed") return each.kind === "seizure" && !each.review;
    return each.kind === shown;
  };

  async function load() {
    const mine = ++loads;
    const told = fresh = new Map();
    const query = { from: days > 3650 ? undefined : new Date(Date.now() - days * 864e5).toISOString() };
    if (shown === "open") query.open = true;
    if (shown === "unreviewed") query.unreviewed = true;
    if (shown === "seizure" || shown === "technical") query.kind = shown;
    const found = await api.get("/alarms", query);
    if (mine !== loads) return;
    fresh = null;
    const kept = alarm();
    list = new Map(found.map((each) => [each.alarm, each]));
    // What is being looked at stays in the list though it has been judged meanwhile.
    if (kept && !list.has(kept.alarm)) list.set(kept.alarm, kept);
    // What was told while the answer was under way is newer than it.
    for (const each of told.values()) if (list.has(each.alarm) || fits(each)) list.set(each.alarm, each);
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
    if (!each) { fill(about, h("p", { class: "quiet" }, awaited ? "The alarm is being opened." : "No alarm is chosen. j and k go through the list.")); return; }
    const act = session.why("acknowledge");
    const noted = each.acknowledged.map(([who, when]) => `${who} at ${moment(seconds(when))}`).join(", ");
    fill(about, h("div", { class: "row" },
      h("strong", {}, `${each.kind === "seizure" ? "Seizure alarm" : "Technical alarm"}, bed ${each.bed || "of the ward"}, ${session.nameOf(each.patient)}`),
      h("span", { class: `tag ${each.priority}` }, each.priority), h("span", { class: "tag" }, each.phase.replace("-", " ")), h("span", { class: "grow" }),
      button("Take note (a)", () => takeNote(), { action: "acknowledge-chosen", why: act ?? (each.phase === "cleared" ? "it is over" : undefined) }),
      button("Explain (e)", () => explainIt(), { action: "explain", why: each.kind === "seizure" ? undefined : "nothing was judged" }),
      button("Export (x)", () => space.exports(seconds(each.onset ?? each.raised)), { action: "export" })),
    h("div", {}, each.detail), h("div", { class: "quiet" },
      `onset ${each.onset ? moment(seconds(each.onset)) : "not known"} · alarm ${moment(seconds(each.raised))} · ${each.ended ? `over ${moment(seconds(each.ended))}` : "lasts"}`,
      noted ? ` · seen by ${noted}` : " · seen by nobody", each.excluded ? ` · its time does not count as monitored (${each.excluded})` : ""),
    each.review ? h("div", {}, `Judged ${JUDGEMENT[each.review.judgement]} by ${each.review.by} at ${moment(seconds(each.review.time))}: ${each.review.note || "no note"}`) : null,
    each.second_reading ? h("div", {}, `Second reader ${each.second_reading.by}: ${JUDGEMENT[each.second_reading.judgement]}: ${each.second_reading.note || "no note"}`) : null);
  }

  function go(id) { location.hash = `#/alarms/${part(id)}`; }

  async function open(id) {
    const other = id !== chosen;
    chosen = id;
    if (!list.has(id)) {
      const found = await api.get(`/alarms/${part(id)}`).catch((error) => { notice(error.message); return null; });
      if (chosen !== id) return;
      // What could not be opened is not chosen: it would be judged beside the EEG, the note and the ends of the one before.
      if (!found) {
        [awaited, chosen] = [null, null];
        paintAbout();
        judging.paint();
        return;
      }
      list.set(id, found.alarm);
      if (!order.includes(id)) order.unshift(id);
    }
    awaited = null;
    paintList();
    paintAbout();
    if (!other) return;
    seen = alarm().review?.seq ?? null;
    judging.clear(alarm().review);
    explained.hidden = true;
    const each = alarm();
    if (each.bed) await space.open(each.bed, seconds(each.onset ?? each.raised));
  }

  function step(by) {
    const at = order.indexOf(awaited ?? chosen);
    const next = order[Math.min(order.length - 1, Math.max(0, at + by))];
    if (next) go(next);
  }

  async function judge(body) {
    const each = alarm();
    // Pressed twice is meant once.
    if (!each || sending === each.alarm) return;
    // Somebody is on the way to another alarm: what they judge is that one, and it is not open yet.
    if (named() && named() !== each.alarm) { notice("Not judged: another alarm is being opened."); return; }
    sending = each.alarm;
    const here = location.hash;
    try {
      const whole = { ...session.by(), ...body };
      if (seen !== null) whole.after = seen;
      const [at, became] = [order.indexOf(each.alarm), await unsaved.judge(each.alarm, whole)];
      notice(became === WAITING ? "Not saved yet: it is kept here and tried again."
        : `${each.bed}, ${moment(seconds(each.raised))}: ${became === SAVED ? JUDGEMENT[body.judgement] : "the other judgement is kept"}.`);
      if (became !== WAITING) await settled(each.alarm, became);
      const next = order.slice(at + 1).concat(order.slice(0, at)).find((id) => list.get(id)?.kind === "seizure" && !list.get(id).review && id !== each.alarm);
      // Whoever has gone elsewhere meanwhile is not called away from there.
      if (next && !each.review && location.hash === here) go(next);
    } catch (error) { notice(error.message); }
    finally { sending = null; }
  }

  /** Reads a judged alarm anew: the next judgement of it comes after the one that stands now, if that is known here. */
  async function settled(id, became) {
    const told = (await api.get(`/alarms/${part(id)}`).catch(() => null))?.alarm;
    if (!told) return;
    if (list.has(id)) list.set(id, told);
    if (chosen === id && (became === THEIRS || told.review?.by === session.reader)) seen = told.review?.seq ?? null;
    paintList();
    paintAbout();
  }

  async function takeNote() {
    const each = alarm();
    if (each) await context.acts.act(each, "acknowledge", {});
  }

  async function explainIt() {
    if (alarm()?.kind !== "seizure") return;
    explained.hidden = false;
    const of = chosen;
    const wanted = () => chosen === of;
    try {
      const driving = await explain(api, of, explained, wanted);
      if (wanted()) space.pane.drive(driving);
    } catch (error) { if (wanted()) fill(explained, h("p", {}, `It cannot be explained: ${error.message}`)); }
  }

  function paintTools() {
    fill(tools, field("Show", select("Which alarms", SHOWN, shown, (value) => { shown = value; reload(); })),
      field("of", select("Of how many days", DAYS, days, (value) => { days = Number(value); reload(); })),
      button("Mark missed (m)", () => space.markMissed(), { why: session.why("review"), action: "missed" }));
  }
  /** Reads the list; done when the list that was asked for last is there. */
  function reload() {
    const mine = loading = load().catch((error) => notice(error.message));
    return mine.then(() => (mine === loading ? undefined : loading));
  }

  store.addEventListener("alarm", ({ detail }) => {
    const told = detail.alarm;
    const known = list.has(told.alarm);
    if (known) list.set(told.alarm, told);
    // Whoever comes back to this view reads the list anew.
    if (!element.isConnected) return;
    fresh?.set(told.alarm, told);
    if (!known && fits(told)) {
      list.set(told.alarm, told);
      order.unshift(told.alarm);
    }
    paintList();
    if (told.alarm === chosen) { paintAbout(); judging.paint(); }
  });
  store.addEventListener("stale", () => { if (element.isConnected) reload(); });
  // Another person begins anew: nothing that was typed stays.
  store.addEventListener("cleared", () => { [list, chosen, order, seen, awaited] = [new Map(), null, [], null, null]; judging.clear(null); });
  session.addEventListener("names", () => { if (element.isConnected) { paintList(); paintAbout(); } });
  return {
    name: "Alarms", element,
    async show([id]) {
      paintTools();
      awaited = id && decodeURIComponent(id) !== chosen ? decodeURIComponent(id) : null;
      if (awaited) {
        chosen = null;
        paintAbout();
      }
      judging.paint();
      const mine = ++shows;
      await reload();
      if (mine !== shows) return;
      if (id) await open(decodeURIComponent(id));
      else if (!chosen && order.length) go(order[0]);
      else paintAbout();
    },
    key(event) {
      const acts = { j: () => step(1), k: () => step(-1), e: () => explainIt() };
      // An alarm that is over or seen needs no note: the key then means the first that does, wherever it is.
      if (waits(alarm())) {
        acts.a = takeNote;
        acts.p = () => context.acts.act(alarm(), "pause", { seconds: PAUSED_S });
      } else if (awaited || context.acts.hasJustLeft(chosen)) acts.a = acts.p = () => notice(CHANGED);
      acts[event.key]?.();
      return Boolean(acts[event.key]) || judging.key(event) || space.key(event);
    },
  };
}
