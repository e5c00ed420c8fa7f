// The page renders itself on the server; what a fresh one has otherwise is put in, part by part, under
// a reader's cursor: nothing else moves, and whoever was typing goes on.

/** As the server rendered each part: the page's own text may be counted down, translated or typed since. */
const rendered = new Map<string, string>();

const partsOf = (root: ParentNode) => [...root.querySelectorAll<HTMLElement>('[data-part]')];

/** Before a script has changed anything. */
export function rememberParts(): void {
  for (const part of partsOf(document)) rendered.set(part.dataset.part ?? '', part.innerHTML);
}

/** Puts in what has changed, `mistake` only if it is named; true where anything did. */
export function putParts(fresh: Document, withMistake: boolean): boolean {
  let hasChanged = false;
  for (const part of partsOf(document)) {
    const name = part.dataset.part ?? '';
    if (name === 'mistake' && !withMistake) continue;
    const next = fresh.querySelector(`[data-part="${name}"]`);
    if (next === null || next.innerHTML === rendered.get(name)) continue;
    rendered.set(name, next.innerHTML);
    putIn(part, next);
    hasChanged = true;
  }
  return hasChanged;
}

/** What was typed, and where, stays; what is gone leaves the focus at the page's heading. */
function putIn(part: HTMLElement, next: Element): void {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const typed = new Map(
    [...part.querySelectorAll('input')].map((input) => [input.name, input.value] as const),
  );
  part.replaceChildren(...next.childNodes);
  for (const input of part.querySelectorAll('input')) {
    const value = typed.get(input.name);
    if (value !== undefined && input.type !== 'hidden') input.value = value;
  }
  if (focused === null) return;
  const same = focused.id === '' ? null : part.querySelector<HTMLElement>(`#${focused.id}`);
  const heading = document.querySelector<HTMLElement>('#order h1');
  (same ?? heading)?.focus({ preventScroll: true });
}
