// A page that came anew goes into the one that is read: part by part, and only what is another, so that
// neither a reader's cursor nor what somebody typed is lost.

const partsOf = (room: HTMLElement) =>
  new Map([...room.children].map((part) => [(part as HTMLElement).dataset.part, part]));

/** The panel's figures are kept up to date as they are; it is another one when the state is. */
const isSamePanel = (own: HTMLElement, next: HTMLElement) => {
  const isDrawn = (room: HTMLElement) => room.querySelector('[data-field="drawn"]') !== null;
  const { place, state } = next.dataset;
  return (
    own.dataset.place === place && own.dataset.state === state && isDrawn(own) === isDrawn(next)
  );
};

type Typed = { form: string | undefined; name: string; value: string };

const typedIn = (room: HTMLElement): Typed[] =>
  [...room.querySelectorAll<HTMLInputElement>('input[name]:not([type="checkbox"])')]
    .filter(({ value }) => value !== '')
    .map(({ form, name, value }) => ({ form: form?.dataset.form, name, value }));

const typeAgain = (room: HTMLElement, typed: Typed[]) => {
  for (const { form, name, value } of typed) {
    const selector = `form[data-form="${form}"] input[name="${name}"]`;
    const input = room.querySelector<HTMLInputElement>(selector);
    if (input === null || input.value !== '') continue;
    input.value = value;
    input.closest('details')?.setAttribute('open', '');
  }
};

export const putInto = (own: HTMLElement, next: HTMLElement): void => {
  const isPanelKept = isSamePanel(own, next);
  const typed = typedIn(own);
  const isTellOpen = own.querySelector('#tell[open]') !== null;
  for (const { name, value } of next.attributes) own.setAttribute(name, value);
  const before = partsOf(own);
  let at = own.firstElementChild;
  for (const [name, part] of partsOf(next)) {
    const old = before.get(name);
    before.delete(name);
    const isKept = old && (old.isEqualNode(part) || (name === 'panel' && isPanelKept));
    if (old && !isKept) old.replaceWith(part);
    else if (!old) own.insertBefore(part, at);
    at = (isKept ? old : part).nextElementSibling;
  }
  for (const gone of before.values()) gone.remove();
  if (isTellOpen) own.querySelector('#tell')?.setAttribute('open', '');
  typeAgain(own, typed);
};
