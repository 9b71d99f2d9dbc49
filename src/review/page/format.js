/** Times and numbers as people read them. */

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });
const dayOfMonth = new Intl.DateTimeFormat(undefined, { month: "2-digit", day: "2-digit" });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });

/** The name of the zone in which times are shown. */
export function zoneName(at = Date.now()) {
  return zone.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
}
/** @param {number} unixS seconds since 1970 */
export const clock = (unixS) => time.format(unixS * 1000);
export const date = (unixS) => day.format(unixS * 1000);
/** The day without its year, where room is short. */
export const shortDate = (unixS) => dayOfMonth.format(unixS * 1000);
export const moment = (unixS) => `${date(unixS)} ${clock(unixS)}`;
export const utc = (unixS) => new Date(unixS * 1000).toISOString();
/** RFC 3339 to seconds since 1970. */
export const seconds = (text) => Date.parse(text) / 1000;
/** A number with so many significant digits; `not known` where there is none. */
export const figure = (value, digits = 3) => (value === null || value === undefined ? "not known" : String(Number(value.toPrecision(digits))));
export const interval = (range, digits = 3) => (range ? `${figure(range.lower, digits)} to ${figure(range.upper, digits)}` : "not known");
export const share = (part, of) => (of > 0 ? `${Math.round((100 * part) / of)} %` : "none");
/** How long: 4 s, 3 min 10 s, 2 h 5 min. */
export function span(s) {
  const whole = Math.max(0, Math.floor(s));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
export const JUDGEMENT = { "seizure": "seizure", "false-alarm": "false alarm", "uncertain": "uncertain" };
