import { isOver } from '../domain/order-machine.ts';
import type { StoredOrder } from '../domain/order-view.ts';
import type { OrderStore } from './ports.ts';

export type Watcher = { seen(order: StoredOrder): void };

export type Watch = {
  /** False where too many watch already. Call the result to stop. */
  add(order: StoredOrder, watcher: Watcher): (() => void) | null;
  /** One look at all watched orders, by version; the changed ones are read and told. */
  round(): Promise<'again' | 'done'>;
  count(): number;
};

export type WatchOptions = {
  orders: Pick<OrderStore, 'versions' | 'findMany'>;
  watchersMax: number;
};

type Watched = { version: number; watchers: Set<Watcher> };

/** One batched question to Postgres serves every event stream of this instance. */
export function makeWatch(options: WatchOptions): Watch {
  const orders = new Map<string, Watched>();
  let count = 0;

  function tell(order: StoredOrder): void {
    const watched = orders.get(order.id);
    if (!watched || order.version <= watched.version) return;
    watched.version = order.version;
    for (const watcher of [...watched.watchers]) watcher.seen(order);
    if (isOver(order.state)) orders.delete(order.id);
  }

  return {
    add(order, watcher) {
      if (count >= options.watchersMax) return null;
      const watched = orders.get(order.id) ?? { version: order.version, watchers: new Set() };
      // The earlier version counts, so that a newcomer's read does not hide a change from others.
      watched.version = Math.min(watched.version, order.version);
      watched.watchers.add(watcher);
      orders.set(order.id, watched);
      count += 1;
      let live = true;
      return () => {
        if (!live) return;
        live = false;
        count -= 1;
        watched.watchers.delete(watcher);
        if (watched.watchers.size === 0 && orders.get(order.id) === watched)
          orders.delete(order.id);
      };
    },
    async round() {
      if (orders.size === 0) return 'done';
      const versions = await options.orders.versions([...orders.keys()]);
      const changed = [...versions]
        .filter(([id, version]) => version > (orders.get(id)?.version ?? version))
        .map(([id]) => id);
      if (changed.length > 0) for (const o of await options.orders.findMany(changed)) tell(o);
      return 'done';
    },
    count: () => count,
  };
}
