/**
 * Texts by name: tickets, order keys and idempotency keys. Whoever reads them holds the shopper's
 * place, so it belongs where the app keeps its secrets. `AsyncStorage`, a wrapped `localStorage`
 * and a file all do.
 */
export type ClientStorage = {
  get(name: string): Promise<string | null> | string | null;
  set(name: string, text: string): Promise<void> | void;
  delete(name: string): Promise<void> | void;
};

/** Lives as long as the client. */
export function memoryStorage(): ClientStorage {
  const texts = new Map<string, string>();
  return {
    get: (name) => texts.get(name) ?? null,
    set: (name, text) => void texts.set(name, text),
    delete: (name) => void texts.delete(name),
  };
}
