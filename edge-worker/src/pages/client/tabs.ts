import type { Place } from '@fairgate/shared/place.ts';
import type { Problem } from './calls.ts';
import type { ClockNews } from './clock.ts';

// Ten tabs poll like one: whoever asks holds a lock meanwhile, and tells the others what came.
// No tab leads: one that is frozen, or closed, is missed by nobody.

/** What one tab has learned, for all of them: a place as it was at `serverTime`, or that it is gone. */
export type News =
  | { place: Place; ticketHash: string | null; serverTime?: string | undefined; clock?: ClockNews }
  | { gone: Problem };

export type Tabs = {
  /** Runs the task unless another tab is at one; false where it did not run. */
  alone(task: () => Promise<void>): Promise<boolean>;
  tell(news: News): void;
  close(): void;
  open(): void;
};

export const tabsOf = (saleId: string, onNews: (news: News) => void): Tabs => {
  const name = `fairgate-${saleId}`;
  let channel: BroadcastChannel | null = null;
  const open = () => {
    if (channel !== null || !('BroadcastChannel' in window)) return;
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }: MessageEvent<News>) => onNews(data);
  };
  open();
  return {
    open,
    // An open channel keeps a page out of the back-forward cache.
    close() {
      channel?.close();
      channel = null;
    },
    tell: (news) => channel?.postMessage(news),
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
