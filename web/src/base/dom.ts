// Elements made by calls. Whatever comes from outside becomes a text node, never markup.

export type Child = Node | string | number | false | null | undefined | Child[];
type Value = string | number | boolean | null | undefined | ((event: any) => void);
export type Props = Record<string, Value>;

const SVG = "http://www.w3.org/2000/svg";

function setProps(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

export function append(parent: Element, ...children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, ...child);
    else if (child instanceof Node) parent.append(child);
    else if (child !== false && child !== null && child !== undefined) parent.append(String(child));
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setProps(element, props);
  append(element, ...children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  setProps(element, props);
  append(element, ...children);
  return element;
}

// The heads of a table's columns; those of numbers stand at the right, as their cells do.
export const heads = (titles: string[], numbers: number[] = []) => h("thead", {}, h("tr", {}, titles.map((title, i) =>
  h("th", { scope: "col", class: numbers.includes(i) ? "number" : null }, title))));

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, ...children);
}

// Sets the text only if it changed, so that neither a selection nor a reader is disturbed.
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

let lastId = 0;
export const freshId = (prefix: string) => `${prefix}-${++lastId}`;
