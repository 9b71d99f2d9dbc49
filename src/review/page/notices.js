/** What must be seen whatever is being looked at: a lost connection, silent sound, alarms that sound, and answers to acts. */

import { part } from "./api.js";
import { button, fill, h } from "./dom.js";
import { clock, seconds, span } from "./format.js";
import { NO_SIGNAL_S } from "./store.js";

/** How long an answer to an act stays, in milliseconds. */
const STAYS_MS = 12000;
/** For how long the sound is turned off, in seconds. */
export const PAUSED_S = 120;

/** Says something once. @returns {(words: string) => void} */
export function notices(place) {
  const announce = document.getElementById("announce");
  return (words) => {
    const banner = h("div", { class: "banner note", role: "status", dataset: { testid: "notice" } }, h("span", { class: "grow" }, words), button("Close", () => banner.remove()));
    place.append(banner);
    announce.textContent = words;
    setTimeout(() => banner.remove(), STAYS_MS);
  };
}

/** The connection is lost: nothing on this page is new. */
export function lostBanner(live) {
  const words = h("span");
  const banner = h("div", { class: "banner bad", role: "alert", hidden: true, dataset: { testid: "lost" } }, words);
  const paint = () => {
    banner.hidden = !live.lost;
    if (live.lost) words.textContent = `CONNECTION LOST for ${span(live.silence)}: nothing on this page is new. Alarms are not heard here. Watch the patients; vigil is asked again without end.`;
  };
  for (const what of ["lost", "found", "look"]) live.addEventListener(what, paint);
  return banner;
}

/** The browser refuses to play sound until somebody has touched the page. */
export function silentBanner(sound) {
  const banner = h("div", { class: "banner bad", role: "alert", hidden: true, dataset: { testid: "silent" } }, "This browser does not let alarms be heard.",
    button("Turn sound on", () => sound.play(sound.wanted() ?? "low"), { action: "sound-on" }));
  sound.addEventListener("change", () => { banner.hidden = !sound.blocked; });
  return banner;
}

/** Alarms that nobody has taken note of, from whichever view. */
export function alarmBanner({ api, store, session, notice }) {
  const place = h("div", { dataset: { testid: "open-alarms" } });
  const act = async (alarm, what, body) => {
    try { await api.post(`/alarms/${part(alarm.alarm)}/${what}`, { ...session.by(), ...body }); } catch (error) { notice(error.message); }
  };
  const paint = () => {
    const open = [...store.alarms.values()].filter((alarm) => alarm.kind === "seizure" && alarm.phase !== "acknowledged" && alarm.phase !== "pending");
    const why = session.why("acknowledge");
    fill(place, open.slice(0, 4).map((alarm) => {
      const wanted = alarm.phase === "latched" ? "over, nobody has seen it" : alarm.phase === "audio-paused" ? "sound paused" : "now";
      return h("div", { class: `banner ${alarm.priority === "high" ? "bad" : "warn"}`, dataset: { alarm: alarm.alarm } },
        h("span", { class: "grow" }, `SEIZURE ALARM, bed ${alarm.bed}, ${session.nameOf(alarm.patient)}, since ${clock(seconds(alarm.raised))} (${wanted})`),
        button("Take note (a)", () => act(alarm, "acknowledge", {}), { action: "acknowledge", why }),
        button(`Pause sound ${PAUSED_S / 60} min (p)`, () => act(alarm, "pause", { seconds: PAUSED_S }), { action: "pause", why: why ?? (alarm.phase === "latched" ? "it sounds no more" : undefined) }),
        h("a", { class: "as-button", href: `#/alarms/${part(alarm.alarm)}` }, "Look"));
    }), open.length > 4 ? h("div", { class: "banner bad" }, `and ${open.length - 4} more alarms: see Alarms`) : null);
    document.title = `${open.length ? `(${open.length}) ALARM ` : ""}${session.now.ward || "vigil"} · vigil`;
  };
  store.addEventListener("alarms", paint);
  session.addEventListener("change", paint);
  session.addEventListener("names", paint);
  return { element: place, first: () => [...store.alarms.values()].find((alarm) => alarm.kind === "seizure" && ["active", "latched", "audio-paused"].includes(alarm.phase)), act };
}

/** Beds without signal, for whoever looks at another view than the ward's. */
export function silentBeds(store, live) {
  const banner = h("div", { class: "banner warn", hidden: true, dataset: { testid: "silent-beds" } });
  const paint = () => {
    const old = [...store.beds.values()].filter(({ status }) => status.phase !== "ended")
      .map(({ status }) => [status.bed, store.ageOf(status.bed)]).filter(([, age]) => age === null || age > NO_SIGNAL_S);
    banner.hidden = !old.length;
    const words = `NO SIGNAL: ${old.map(([bed, age]) => `bed ${bed}${age === null ? "" : ` for ${span(age)}`}`).join(", ")}`;
    if (banner.textContent !== words) banner.textContent = words;
  };
  live.addEventListener("look", paint);
  return banner;
}
