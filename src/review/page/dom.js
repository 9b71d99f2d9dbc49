/** Makes elements. Attributes are set one by one: nothing is ever parsed as HTML. */

/**
 * @param {string} tag
 * @param {Object<string, *>} [attributes] `on*` are listeners, `dataset` is an object, the rest attributes or properties
 * @param {...(Node|string|number|null|undefined|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "class") element.className = value;
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A choice among values. @returns {HTMLSelectElement} */
export function select(name, options, value, onchange) {
  const made = h("select", { "aria-label": name, onchange: () => onchange(made.value) },
    options.map(([key, text]) => h("option", { value: String(key) }, text)));
  made.value = String(value);
  return made;
}

/** A labelled choice, its name standing before it. */
export function field(name, control) {
  return h("label", { class: "field" }, h("span", { class: "quiet" }, name), control);
}

/** Something that may be wider than its place: scrolled by finger, wheel or, once focused, by keys. */
export function wide(name, ...children) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, ...children);
}

/** A button; `why` says why it cannot be pressed. */
export function button(text, onclick, { action, why, main, title } = {}) {
  return h("button", { type: "button", onclick, class: main ? "main" : "", disabled: Boolean(why), title: why ?? title,
    dataset: action ? { action } : {} }, text);
}

/** Puts children in place of what is there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts children into their order; those that are in it already are not touched, and what has the focus keeps it. */
export function arrange(element, children) {
  const focused = document.activeElement;
  for (const child of [...element.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, i) => { if (element.children[i] !== child) element.insertBefore(child, element.children[i] ?? null); });
  if (focused !== document.activeElement && element.contains(focused)) focused.focus({ preventScroll: true });
}

/**
 * A question in a dialog of the page.
 * @param {string} title
 * @param {(close: (answer: *) => void) => Node[]} content
 * @returns {Promise<*>} what `close` was given; undefined where it was dismissed
 */
export function ask(title, content) {
  return new Promise((answered) => {
    const dialog = h("dialog", { "aria-label": title });
    let answer;
    const close = (given) => { answer = given; dialog.close(); };
    dialog.append(h("h2", {}, title), ...content(close));
    dialog.addEventListener("close", () => { dialog.remove(); answered(answer); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Fits a canvas to its place on the screen. @returns {{context: CanvasRenderingContext2D, width: number, height: number}} in CSS pixels */
export function fit(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [w, h_] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h_) { canvas.width = w; canvas.height = h_; }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

/** A colour of the theme in use. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
