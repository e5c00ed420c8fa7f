import { signal } from '@preact/signals';
import { wordsOf } from '../api/load.ts';

type Toast = { id: number; text: string; isBad: boolean; undo: (() => void) | null };

const toasts = signal<Toast[]>([]);
let lastId = 0;
const shownMs = 8_000;
const undoMs = 15_000;

function show(text: string, isBad: boolean, undo: (() => void) | null): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { id, text, isBad, undo }].slice(-4);
  setTimeout(() => drop(id), undo === null && !isBad ? shownMs : undoMs);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Says what was done; with `undo` for as long as it is shown. */
export const say = (text: string, undo: (() => void) | null = null) => show(text, false, undo);
/** Says what went wrong. */
export const complain = (error: unknown) => show(wordsOf(error), true, null);

/** Outcomes, told politely to screen readers as they come. */
export function Toasts() {
  return (
    <section class="toasts" role="status" aria-live="polite" aria-label="Outcomes">
      {toasts.value.map(({ id, text, isBad, undo }) => (
        <div key={id} class={isBad ? 'toast toast-bad' : 'toast'}>
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              class="button-quiet"
              onClick={() => {
                drop(id);
                undo();
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="toast-close" onClick={() => drop(id)} aria-label="Dismiss">
            ×
          </button>
        </div>
      ))}
    </section>
  );
}
