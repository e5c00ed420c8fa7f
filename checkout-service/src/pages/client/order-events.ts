/** What an event tells of the order. */
export type News = { state: string; version: number };

export type Watch = {
  /** The answer says whether anything more can come. */
  onNews(news: News): boolean;
  /** The stream broke, or was refused. The answer says whether to come back. */
  onLost(): boolean;
};

export type OrderEvents = {
  /** Somebody looks, or has acted: a stream that waits to come back does so now. */
  wake(): void;
  /** What the stream told of could not be had: it is taken for lost, and comes back to tell again. */
  lose(): void;
};

/** Doubled with each loss in a row: what is away long is not asked often, by anybody. */
const againMs = 4_000;
const againMsMax = 60_000;
/** Streams that ended together do not come back together. */
const jittered = (ms: number) => ms * (0.5 + Math.random() / 2);

/**
 * Follows the events of an order. A lost stream comes back by our clock and not the browser's, which
 * never waits longer, and gives up one that was refused; on a hidden page it waits to be looked at.
 */
export function followOrder(address: string, { onNews, onLost }: Watch): OrderEvents {
  let waitMs = againMs;
  let state: 'open' | 'waiting' | 'over' = 'open';
  let timer: number | undefined;
  let stream = open();

  function open(): EventSource {
    const events = new EventSource(address);
    let hasTold = false;
    events.addEventListener('order', (event: MessageEvent<string>) => {
      hasTold = true;
      const { state: told } = JSON.parse(event.data);
      if (!onNews({ state: told, version: Number(event.lastEventId) })) end();
    });
    events.addEventListener('error', () => {
      if (hasTold) waitMs = againMs;
      lose();
      if (!onLost()) end();
    });
    return events;
  }

  function end(): void {
    state = 'over';
    clearTimeout(timer);
    stream.close();
  }

  function lose(): void {
    if (state === 'waiting') return;
    stream.close();
    state = 'waiting';
    timer = setTimeout(comeBack, jittered(waitMs));
    waitMs = Math.min(againMsMax, waitMs * 2);
  }

  function comeBack(): void {
    if (state !== 'waiting' || document.visibilityState === 'hidden') return;
    clearTimeout(timer);
    state = 'open';
    stream = open();
  }

  return { wake: comeBack, lose };
}
