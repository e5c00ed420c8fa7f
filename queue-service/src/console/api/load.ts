import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiProblem } from './client.ts';

export type Loaded<T> = {
  data: T | null;
  /** In words; null where nothing is wrong. */
  trouble: string | null;
  reload(): void;
};

/** Reads what a screen shows, again when `key` changes; the last answer of several counts. */
export function useLoad<T>(read: () => Promise<T>, key: string): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; trouble: string | null }>({
    key,
    data: null,
    trouble: null,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    read().then(
      (data) => !isOver && setState({ key, data, trouble: null }),
      (error: unknown) => !isOver && setState((was) => ({ ...was, key, trouble: wordsOf(error) })),
    );
    return () => {
      isOver = true;
    };
    // `read` is another function at each turn; what it reads follows from the key.
  }, [key, turn]);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  return { data: state.key === key ? state.data : null, trouble: state.trouble, reload };
}

export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  const listed = error.mistakes.map(({ path, message }) => `${path}: ${message}`);
  return [error.message, ...listed].join(' ');
}
