/** A binary min-heap by `key`, for numbers that leave it in any order (they are skipped when met). */
export type Heap<T> = { push(item: T): void; peek(): T | undefined; pop(): T | undefined };

export function minHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const at = (index: number) => items[index];

  function swap(i: number, j: number): void {
    const [a, b] = [at(i), at(j)];
    if (a === undefined || b === undefined) return;
    items[i] = b;
    items[j] = a;
  }

  function before(i: number, j: number): boolean {
    const [a, b] = [at(i), at(j)];
    return a !== undefined && b !== undefined && isBefore(a, b);
  }

  function sink(): void {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const child = before(left + 1, left) ? left + 1 : left;
      if (!before(child, parent)) return;
      swap(parent, child);
      parent = child;
    }
  }

  return {
    push(item) {
      items.push(item);
      for (let i = items.length - 1; i > 0 && before(i, (i - 1) >> 1); i = (i - 1) >> 1) {
        swap(i, (i - 1) >> 1);
      }
    },
    peek: () => items[0],
    pop() {
      const first = items[0];
      const last = items.pop();
      if (first === undefined || last === undefined || items.length === 0) return first;
      items[0] = last;
      sink();
      return first;
    },
  };
}
