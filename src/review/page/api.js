/** The API: one way in and out, with the session's proof on every change, and problems as they were told. */

const BASE = "/api/v1";

/** What the server refused, with its own words. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `the server answered ${status}`);
    this.status = status;
    this.body = body ?? {};
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {}

export class Api extends EventTarget {
  /** What a change is proved with. */
  csrf = null;

  /** @returns {Promise<*>} the answer's JSON; null where there is none */
  async ask(method, path, body) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET" && this.csrf) headers["X-CSRF-Token"] = this.csrf;
    let response;
    try {
      response = await fetch(BASE + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
    } catch (error) {
      throw new Unreachable(`vigil cannot be reached: ${error.message}`);
    }
    const text = await response.text();
    let answer = null;
    try { answer = text ? JSON.parse(text) : null; } catch { /* no JSON: told by the status */ }
    if (response.ok) return answer;
    if (response.status === 401 && path !== "/session") this.dispatchEvent(new Event("signed-out"));
    const problem = new Problem(response.status, answer);
    problem.retryAfterS = Number(response.headers.get("Retry-After")) || null;
    throw problem;
  }

  get(path, query = {}) {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]));
    return this.ask("GET", pairs.length ? `${path}?${search}` : path);
  }
  post(path, body = {}) { return this.ask("POST", path, body); }
  put(path, body = {}) { return this.ask("PUT", path, body); }
  delete(path) { return this.ask("DELETE", path); }
}

/** A part of an address. */
export const part = encodeURIComponent;
