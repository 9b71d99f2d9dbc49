/** What must be seen whatever is being looked at: a lost connection, a session that ended, silent sound, silent beds, and answers to acts. */

import { button, h } from "./dom.js";
import { span } from "./format.js";
import { NO_SIGNAL_S } from "./store.js";

/** How long an answer to an act stays, in milliseconds. */
const STAYS_MS = 12000;

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
export function lostBanner(live, sound) {
  // How long is for the eyes: read aloud, it would be told again each second.
  const long = h("span", { "aria-hidden": "true" });
  const banner = h("div", { class: "banner bad", role: "alert", hidden: true, dataset: { testid: "lost" } },
    h("span", { class: "grow" }, "CONNECTION LOST", long, ": nothing on this page is new. Alarms are not heard here. Watch the patients; vigil is asked again without end."),
    button("Silence this", () => { heard = true; sound.heardLost(); paint(); }, { action: "silence-lost", title: "until the connection is lost again; alarms are heard again as soon as it is back" }));
  const silence = banner.querySelector("button");
  let heard = false;
  const paint = () => {
    banner.hidden = !live.lost;
    if (!live.lost) heard = false;
    silence.hidden = heard;
    const words = live.lost ? ` for ${span(live.silence)}` : "";
    if (long.textContent !== words) long.textContent = words;
  };
  for (const what of ["lost", "found", "look"]) live.addEventListener(what, paint);
  return banner;
}

/** A session ended by itself - another password or role, its time, a daemon that knows it no more: the page is silent from then on. */
export function endedBanner(session, sound) {
  const banner = h("div", { class: "banner bad", role: "alert", hidden: true, dataset: { testid: "signed-out" } },
    h("span", { class: "grow" }, "SIGNED OUT: alarms are not shown or heard here. Watch the patients; sign in again."),
    button("Silence this", () => { sound.heardEnded(); silence.hidden = true; }, { action: "silence-signed-out", title: "alarms are shown and heard again as soon as somebody signs in" }));
  const silence = banner.querySelector("button");
  session.addEventListener("change", () => {
    if (!session.ended) silence.hidden = false;
    banner.hidden = !session.ended;
  });
  return banner;
}

/** The browser refuses to play sound until somebody has touched the page. */
export function silentBanner(sound) {
  const banner = h("div", { class: "banner bad", role: "alert", hidden: true, dataset: { testid: "silent" } }, "This browser does not let alarms be heard.",
    button("Turn sound on", () => sound.play(sound.wanted() ?? "low"), { action: "sound-on" }));
  sound.addEventListener("change", () => { banner.hidden = !sound.blocked; });
  return banner;
}

/** Beds without signal, for whoever looks at another view than the ward's; those that an alarm above tells of are not told twice. */
export function silentBeds(store, live, acts) {
  const banner = h("div", { class: "banner warn", hidden: true, dataset: { testid: "silent-beds" } });
  const paint = () => {
    const old = [...store.beds.values()].filter(({ status }) => status.phase !== "ended")
      .map(({ status }) => [status.bed, store.ageOf(status.bed)]).filter(([, age]) => age === null || age > NO_SIGNAL_S).filter(([bed]) => !acts.tellsOfSilence(bed));
    banner.hidden = !old.length;
    const words = `NO SIGNAL: ${old.map(([bed, age]) => `bed ${bed}${age === null ? "" : ` for ${span(age)}`}`).join(", ")}`;
    if (banner.textContent !== words) banner.textContent = words;
  };
  live.addEventListener("look", paint);
  return banner;
}
