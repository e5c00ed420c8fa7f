import { limits } from '../limits.ts';
import { RoomRefused } from './room-away.ts';
import type { BackgroundStore, RoomReports } from './room-ports.ts';

export type StockPicture = {
  /** The sale's stock has changed; the picture follows shortly. */
  changed(saleId: string): void;
  round(): Promise<'again' | 'done'>;
};

export type StockPictureOptions = {
  store: Pick<BackgroundStore, 'countStock'>;
  room: Pick<RoomReports, 'picture'>;
  now(): number;
};

type Watched = { dirty: boolean; activeUntil: number; notBefore: number; picturedAt: number };

/** The late picture of the stock in Redis (D6): coalesced, written after commits, never decides. */
export function makeStockPicture(options: StockPictureOptions): StockPicture {
  const sales = new Map<string, Watched>();

  async function picture(saleId: string, watched: Watched): Promise<void> {
    const begun = options.now();
    watched.dirty = false;
    watched.picturedAt = begun;
    try {
      const { version, counts } = await options.store.countStock(saleId);
      await options.room.picture(saleId, version, counts);
    } catch (error) {
      watched.dirty = true;
      throw error;
    } finally {
      const tookMs = options.now() - begun;
      watched.notBefore = options.now() + tookMs * limits.pictureShare;
    }
  }

  return {
    changed(saleId) {
      const activeUntil = options.now() + limits.pictureActiveMs;
      const watched = sales.get(saleId);
      if (watched) Object.assign(watched, { dirty: true, activeUntil });
      else sales.set(saleId, { dirty: true, activeUntil, notBefore: 0, picturedAt: 0 });
    },
    async round() {
      const now = options.now();
      let fault: unknown;
      for (const [saleId, watched] of sales) {
        const due = watched.dirty || now - watched.picturedAt >= limits.pictureRefreshMs;
        if (due && now >= watched.notBefore) {
          await picture(saleId, watched).catch((error: unknown) => {
            // One room that is out of order keeps no other sale's picture.
            if (!(error instanceof RoomRefused)) throw error;
            fault ??= error;
          });
        }
        if (!watched.dirty && now > watched.activeUntil) sales.delete(saleId);
      }
      if (fault !== undefined) throw fault;
      return 'done';
    },
  };
}
