import { useRef } from 'preact/hooks';

export type OnceKey = {
  /** The key of a body: the same for as long as the body is, so that sending again makes nothing twice. */
  of(body: unknown): string;
  /** It was answered: the same body is another wish from now on. */
  done(): void;
};

/** The `Idempotency-Key` of a form. */
export function useOnceKey(): OnceKey {
  const held = useRef({ text: '', key: '' });
  return {
    of(body) {
      const text = JSON.stringify(body);
      if (held.current.text !== text) held.current = { text, key: crypto.randomUUID() };
      return held.current.key;
    },
    done() {
      held.current = { text: '', key: '' };
    },
  };
}
