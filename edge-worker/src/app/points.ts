/** A dataset of Workers Analytics Engine, as it is bound. */
export type Dataset = {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
};

/** What is told of requests, for analysts (docs/analytics.md). Nothing in it tells who it was. */
export type Points = {
  joined(saleId: string, lane: string, isNew: boolean): void;
  tokenTaken(saleId: string, lane: string): void;
  /** `saleId`: '' where the request named none. */
  refused(saleId: string, slug: string): void;
  viewed(saleId: string, page: 'catalogue' | 'sale'): void;
  /** One in so many is told, with its weight. */
  polled(saleId: string, lane: string, state: string): void;
};

/** A poll is nearly every request there is, and each point is billed. */
export const pollsPerPoint = 100;

const nothing = () => {};
const nobodyListens: Points = {
  joined: nothing,
  tokenTaken: nothing,
  refused: nothing,
  viewed: nothing,
  polled: nothing,
};

/**
 * Writes a point for each event where a dataset is bound: index the sale; blobs event, detail, lane;
 * double how many events it stands for. It waits for nothing, and never throws.
 */
export function pointsTo(dataset: Dataset | undefined, random: () => number): Points {
  if (dataset === undefined) return nobodyListens;
  const write = (saleId: string, blobs: [string, string, string], weight = 1) => {
    try {
      dataset.writeDataPoint({ indexes: [saleId], blobs, doubles: [weight] });
    } catch {
      // A request is worth more than a point.
    }
  };
  return {
    joined: (saleId, lane, isNew) => write(saleId, ['join', isNew ? 'new' : 'again', lane]),
    tokenTaken: (saleId, lane) => write(saleId, ['token', '', lane]),
    refused: (saleId, slug) => write(saleId, ['refusal', slug, '']),
    viewed: (saleId, page) => write(saleId, ['view', page, '']),
    polled(saleId, lane, state) {
      if (random() * pollsPerPoint < 1) write(saleId, ['poll', state, lane], pollsPerPoint);
    },
  };
}
