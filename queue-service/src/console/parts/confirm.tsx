import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export type Question = {
  title: string;
  /** What will happen, and to how many. */
  text: ComponentChildren;
  action: string;
  /** The sale's name, to be typed where it cannot be undone. */
  name?: string;
  isDangerous?: boolean;
};

type Pending = Question & { answer(yes: boolean): void };

const pending = signal<Pending | null>(null);

/** Asks before something is done. */
export function confirmThat(question: Question): Promise<boolean> {
  pending.value?.answer(false);
  return new Promise((resolve) => {
    pending.value = {
      ...question,
      answer(yes) {
        pending.value = null;
        resolve(yes);
      },
    };
  });
}

export function ConfirmDialog() {
  const question = pending.value;
  return question && <Ask key={question.title} {...question} />;
}

function Ask({ title, text, action, name, isDangerous, answer }: Pending) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  const isReady = name === undefined || typed.trim() === name.trim();
  const decide = (event: Event) => {
    event.preventDefault();
    if (isReady) answer(true);
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onCancel={() => answer(false)}>
      <form onSubmit={decide}>
        <h2 id="confirm-title">{title}</h2>
        <div class="dialog-text">{text}</div>
        {name !== undefined && (
          <label class="field">
            <span>
              Type the name of the sale: <strong>{name}</strong>
            </span>
            <input
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
              autocomplete="off"
              name="confirm"
            />
          </label>
        )}
        <div class="row row-end">
          <button type="button" class="button-quiet" onClick={() => answer(false)}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'button-bad' : ''} disabled={!isReady}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
