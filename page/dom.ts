/** A child of an element: a node, or text. */
export type Child = Node | string;

/**
 * Makes an element. Children that are texts become text nodes: nothing on this page is ever parsed as HTML.
 * @param attributes an attribute that is `undefined` is left out
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Gives a parent these children in place of those before; they may be more than the arguments of a call. */
export function fill(parent: HTMLElement, children: Iterable<Child>): void {
  const fragment = new DocumentFragment();
  for (const child of children) fragment.append(child);
  parent.replaceChildren(fragment);
}

/**
 * The element of page.html with this id.
 * @throws Error when there is none: page.html and this script do not fit
 */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`page.html has no such #${id}`);
  return found;
}
