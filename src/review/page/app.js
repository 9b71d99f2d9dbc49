/** Puts the page together: session, live connection, views, what is always seen, and the keyboard. */

import { accountView } from "./account.js";
import { alarmsView } from "./alarms.js";
import { Api } from "./api.js";
import { auditView } from "./audit.js";
import { button, fill, h } from "./dom.js";
import { showHelp } from "./help.js";
import { Live } from "./live.js";
import { endedBanner, lostBanner, notices, silentBanner, silentBeds } from "./notices.js";
import { alarmBanner } from "./open.js";
import { ratesView } from "./rates.js";
import { recalibrateView } from "./recalibrate.js";
import { secondView } from "./second.js";
import { Session, signInView, whoIsHere } from "./session.js";
import { Sound } from "./sound.js";
import { Store } from "./store.js";
import { nextTheme, restoreTheme, themeName } from "./theme.js";
import { Unsaved, unsavedBanner } from "./unsaved.js";
import { wallView } from "./wall.js";
import { bedView } from "./workspace.js";

const [nav, main, banners, right] = ["views", "main", "banners", "head-right"].map((id) => document.getElementById(id));

restoreTheme();
const api = new Api();
const session = new Session(api);
const live = new Live();
const store = new Store(api, live);
const sound = new Sound(store, live, session);
const unsaved = new Unsaved(api, session);
const said = h("div", {});
const notice = notices(said);
const context = { api, session, live, store, sound, unsaved, notice };
const acts = alarmBanner(context);
context.acts = acts;

/** The views by the first word of the address, in the order of their keys. */
const views = { ward: wallView(context), alarms: alarmsView(context), second: secondView(context), rates: ratesView(context), recalibration: recalibrateView(context), audit: auditView(context), account: accountView(context), bed: bedView(context) };
const signIn = signInView(session);
const beds = silentBeds(store, live, acts);
fill(banners, lostBanner(live, sound), endedBanner(session, sound), silentBanner(sound), acts.element, beds, unsavedBanner(unsaved, session), said);

const theme = button("", () => paintTheme(nextTheme()), { title: "light, dark, or as the system is (t)" });
const paintTheme = (name) => { theme.textContent = `Theme: ${name}`; };
paintTheme(themeName());
fill(right, whoIsHere(session), theme, button("Keys (?)", showHelp));

const listed = () => Object.entries(views).filter(([, view]) => view.name && !(view.accountsOnly && session.open) && !(view.needs && !session.may[view.needs]));
const place = () => location.hash.replace(/^#\/?/, "").split("/");

function paintNav() {
  const [here] = place();
  fill(nav, session.now.signed_in ? listed().map(([key, view]) => h("a", { href: `#/${key}`, "aria-current": key === (here || "ward") ? "page" : undefined }, view.name)) : []);
}

let shown = null;
async function route() {
  if (!session.now.signed_in) {
    shown = null;
    fill(main, signIn.element);
    signIn.focus();
    paintNav();
    return;
  }
  const [key, ...rest] = place();
  const view = Object.hasOwn(views, key) ? views[key] : views.ward;
  beds.classList.toggle("unseen", view === views.ward);
  paintNav();
  if (shown !== view) {
    shown = view;
    fill(main, view.element);
  }
  if (view.needs && !session.may[view.needs]) { fill(main, h("p", {}, session.why(view.needs))); shown = null; return; }
  try { await view.show?.(rest.filter(Boolean)); } catch (error) { notice(error.message); }
}

const ACTS = {
  "?": () => showHelp(), t: () => paintTheme(nextTheme()),
  a: () => acts.toFirst("acknowledge"), p: () => acts.toFirst("pause"),
};

/** Keys that may be held down: those that move. A judgement held for too long must not fall on the next alarm. */
const HELD = new Set(["j", "k", "[", "]", "+", "-", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown"]);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]") || !session.now.signed_in) return;
  const typing = event.target.closest?.("input, textarea, select");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.repeat && !HELD.has(event.key)) return;
  if (/^[1-9]$/.test(event.key)) {
    const chosen = listed()[Number(event.key) - 1];
    if (chosen) location.hash = `#/${chosen[0]}`;
  } else if (!shown?.key?.(event)) {
    if (!ACTS[event.key]) return;
    ACTS[event.key]();
  }
  event.preventDefault();
});

let asking = false;
/** Asks who is signed in until it is answered: one question at a time, and what is wrong is said once. */
async function whoIsIt() {
  if (asking) return;
  asking = true;
  for (let told = false; ;) {
    try {
      await session.load();
      break;
    } catch (error) {
      if (!told) notice(error.message);
      told = true;
      await new Promise((go) => setTimeout(go, 2000));
    }
  }
  asking = false;
}

let signedIn = null;
session.addEventListener("change", async () => {
  const { now } = session;
  document.getElementById("ward").textContent = now.ward || "vigil";
  document.getElementById("version").textContent = now.version ? `vigil ${now.version}` : "";
  const is = JSON.stringify([now.signed_in, now.person, now.role]);
  if (signedIn === is) { paintNav(); return; }
  // What the one before was asked is no question to the next.
  if (signedIn !== null) for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  signedIn = is;
  store.clear();
  if (now.signed_in) {
    live.start();
    // Before the first alarm, not at it.
    sound.probe();
    session.loadNames();
    await store.reload().catch((error) => notice(error.message));
  } else live.stop();
  route();
});
api.addEventListener("signed-out", whoIsIt);
// A program that was started anew knows other proofs: they are asked for again.
live.addEventListener("hello", whoIsIt);
// A session that ended closes the live connection without a word: the session is asked whether it lasts.
live.addEventListener("again", () => session.load().catch(() => {}));
store.addEventListener("beds", () => { if (session.now.signed_in) session.loadNames(); });
window.addEventListener("hashchange", route);
whoIsIt();
