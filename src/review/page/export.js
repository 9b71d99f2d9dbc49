/** What can be taken along: tables, clips, pictures. */

import { part } from "./api.js";
import { ask, button, h } from "./dom.js";

function save(name, url) {
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Asks what to export. The server's files come with their names. */
export async function exportMenu({ api, pane, aroundS, isBlind, notice, session }) {
  const bed = pane.bed;
  const rest = session.may.review ? undefined : "your role may not export";
  const judged = isBlind ? "judgements of others are in it: not for who reads blinded" : rest;
  const why = { "events-reviewers": judged, csv: judged, png: undefined };
  const from = (s) => new URLSearchParams(s).toString();
  const file = async (path, name) => {
    try {
      const response = await fetch(`/api/v1${path}`, { cache: "no-store" });
      if (!response.ok) throw new Error((await response.json().catch(() => null))?.detail ?? `the server answered ${response.status}`);
      const url = URL.createObjectURL(await response.blob());
      save(name, url);
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    } catch (error) { notice(`Export failed: ${error.message}`); }
  };
  const day = (s) => new Date(s * 1000).toISOString();
  const stem = `${bed}_${day(aroundS).replace(/[-:]|\.\d+/g, "")}`;
  const choice = await ask("Export", (close) => [h("div", { class: "row" }, [
    ["edf", "EDF+ clip, a minute before to two after"], ["edf-page", "EDF+ of this page"], ["events-detector", "SzCORE events.tsv: alarms of this day"],
    ["events-reviewers", "SzCORE events.tsv: reviewed seizures of this day"], ["csv", "CSV of all alarms"], ["png", "PNG of the pane"],
  ].map(([key, text]) => button(text, () => close(key), { action: `export-${key}`, why: key in why ? why[key] : rest })))]);
  const base = `/beds/${part(bed ?? "")}`;
  const { fromS, settings } = pane;
  const dayFrom = { from: day(aroundS - 43200), until: day(aroundS + 43200) };
  if (choice === "edf") await file(`${base}/clip.edf?${from({ from: aroundS - 60, seconds: 180, judgements: !isBlind })}`, `${stem}.edf`);
  if (choice === "edf-page") await file(`${base}/clip.edf?${from({ from: fromS, seconds: settings.seconds, judgements: !isBlind })}`, `${stem}.edf`);
  if (choice === "events-detector") await file(`${base}/events.tsv?${from({ ...dayFrom, of: "detector" })}`, `${stem}_events.tsv`);
  if (choice === "events-reviewers") await file(`${base}/events.tsv?${from({ ...dayFrom, of: "reviewers" })}`, `${stem}_reviewed_events.tsv`);
  if (choice === "csv") await file("/alarms.csv", "alarms.csv");
  if (choice === "png" && pane.shown) {
    const url = URL.createObjectURL(await pane.picture());
    save(`${stem}.png`, url);
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}
