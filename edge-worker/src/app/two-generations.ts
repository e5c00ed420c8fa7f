/**
 * A map that is bounded without sweeping: when the young generation is full it becomes the old
 * one, and the old one is forgotten. What is read from the old one is not moved, so an entry is
 * forgotten after `sizeMax` to twice as many later ones.
 */
export class TwoGenerations<V> {
  readonly #sizeMax: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#sizeMax && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
