/** One's own password; and for administrators, who has an account. */

import { part } from "./api.js";
import { ask, button, fill, h, select, wide } from "./dom.js";
import { moment, seconds } from "./format.js";

const ROLES = [["viewer", "viewer: looks"], ["nurse", "nurse: takes note of alarms"], ["reviewer", "reviewer: judges alarms"], ["administrator", "administrator: beds and accounts"]];

export function accountView({ api, session, notice }) {
  const password = (name, autocomplete) => h("input", { type: "password", autocomplete, "aria-label": name, minlength: autocomplete === "new-password" ? 12 : 1, maxlength: 1024 });
  const [current, fresh] = [password("Password so far", "current-password"), password("New password", "new-password")];
  const own = h("form", { class: "panel", onsubmit: async (event) => {
    event.preventDefault();
    const done = await act(() => api.put("/session/password", { current: current.value, new: fresh.value }), "Your password is changed; you are signed out elsewhere.");
    if (done) [current.value, fresh.value] = ["", ""];
  } }, h("h2", {}, "Your password"), h("div", { class: "row" }, h("label", {}, "So far ", current), h("label", {}, "New, 12 letters or more ", fresh), h("button", { type: "submit" }, "Change")));
  const accounts = h("div", { dataset: { testid: "accounts" } });
  const element = h("section", { "aria-label": "Account" }, h("h1", {}, "Account"), own, accounts);

  async function act(what, words) {
    try {
      await what();
      notice(words);
      return true;
    } catch (error) { notice(error.message); return false; }
    // What was refused is not left standing in the table as though it were so.
    finally { if (session.may.administer) await list(); }
  }

  async function list() {
    let found;
    try { found = await api.get("/accounts"); } catch (error) { fill(accounts, h("p", { class: "quiet" }, error.message)); return; }
    fill(accounts, h("h2", {}, "Accounts"), wide("Accounts", h("table", {},
      h("thead", {}, h("tr", {}, ["Name", "Role", "State", "Signed in last", "Sessions", "Change"].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, found.map((each) => h("tr", {}, h("th", { scope: "row" }, each.name),
        h("td", {}, select(`Role of ${each.name}`, ROLES, each.role, (role) => act(() => api.put(`/accounts/${part(each.name)}`, { role }), `${each.name} is ${role} now.`))),
        h("td", {}, each.disabled ? "disabled" : "may sign in"), h("td", {}, each.last_sign_in ? moment(seconds(each.last_sign_in)) : "never"), h("td", { class: "n" }, String(each.sessions)),
        h("td", { class: "row" }, button("New password", () => reset(each.name)),
          button(each.disabled ? "Enable" : "Disable", () => act(() => api.put(`/accounts/${part(each.name)}`, { disabled: !each.disabled }), `${each.name} is ${each.disabled ? "enabled" : "disabled"}.`)),
          button("Remove", () => remove(each.name)))))))), button("Add an account", add, { main: true, action: "add-account" }));
  }

  async function add() {
    const [name, secret] = [h("input", { "aria-label": "Name", maxlength: 64, autocomplete: "off" }), password("Password", "new-password")];
    let role = "nurse";
    const sure = await ask("Add an account", (close) => [h("div", { class: "row" }, h("label", {}, "Name ", name), h("label", {}, "Password, 12 letters or more ", secret), select("Role", ROLES, role, (value) => { role = value; })),
      h("div", { class: "row" }, button("Add", () => close(true), { main: true, action: "add" }), button("Cancel", () => close(false)))]);
    if (sure) await act(() => api.post("/accounts", { name: name.value.trim(), role, password: secret.value }), `${name.value.trim()} may sign in.`);
  }

  async function reset(name) {
    const secret = password(`New password of ${name}`, "new-password");
    const sure = await ask(`New password of ${name}`, (close) => [secret, h("div", { class: "row" }, button("Set", () => close(true), { main: true }), button("Cancel", () => close(false)))]);
    if (sure) await act(() => api.put(`/accounts/${part(name)}`, { password: secret.value }), `${name} has a new password and is signed out.`);
  }

  async function remove(name) {
    const sure = await ask(`Remove ${name}?`, (close) => [h("p", {}, "What they did stays in the log under this name."), h("div", { class: "row" }, button("Remove", () => close(true), { main: true }), button("Cancel", () => close(false)))]);
    if (sure) await act(() => api.delete(`/accounts/${part(name)}`), `${name} is removed.`);
  }

  return {
    name: "Account", element, accountsOnly: true,
    async show() {
      fill(accounts);
      if (session.may.administer) await list();
    },
  };
}
