import type { Place } from '@fairgate/shared/place.ts';
import type { Problem } from './calls.ts';
import type { ClockNews } from './clock.ts';

// Ten tabs poll like one: whoever asks holds a lock meanwhile, and tells the others what came.
// No tab leads: one that is frozen, or closed, is missed by nobody.

/** What one tab has learned, for all of them: a place as it was at `serverTime`. */
export type News = {
  place: Place;
  ticketHash: string | null;
  serverTime?: string | undefined;
  clock?: ClockNews;
};

export type Tabs = {
  /** Runs the task unless another tab is at one; false where it did not run. */
  alone(task: () => Promise<void>): Promise<boolean>;
  tell(news: News): void;
  /** That the place is there no more, and why. */
  tellGone(problem: Problem): void;
  close(): void;
  open(): void;
};

type Heard = { onNews(news: News): void; onGone(problem: Problem): void };

export const tabsOf = (saleId: string, { onNews, onGone }: Heard): Tabs => {
  const name = `fairgate-${saleId}`;
  // A channel for each kind: a tab of before a deployment takes all that comes for what it knows.
  let news: BroadcastChannel | undefined;
  let gone: BroadcastChannel | undefined;
  const open = () => {
    if (news || !('BroadcastChannel' in window)) return;
    news = new BroadcastChannel(name);
    gone = new BroadcastChannel(`${name}-gone`);
    // And one of after it may tell otherwise.
    news.onmessage = ({ data }) => data?.place && onNews(data);
    gone.onmessage = ({ data }) => onGone(data);
  };
  open();
  return {
    open,
    // An open channel keeps a page out of the back-forward cache.
    close() {
      news?.close();
      gone?.close();
      news = undefined;
      gone = undefined;
    },
    tell: (known) => news?.postMessage(known),
    tellGone: (problem) => gone?.postMessage(problem),
    async alone(task) {
      if (!('locks' in navigator)) {
        await task();
        return true;
      }
      return await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        if (lock === null) return false;
        await task();
        return true;
      });
    },
  };
};
