import { isoTime } from '@fairgate/shared/clock.ts';
import type { Place, PlaceState } from '@fairgate/shared/place.ts';
import type { Preview, PreviewState } from '@fairgate/shared/preview/preview.ts';
import type { PublicSale, SaleState } from '@fairgate/shared/sale.ts';
import { publicInfo } from './public-sale.ts';

/** What a shopper would see: figures are made up, settings and products are the sale's own. */
export type Shown = { sale: PublicSale; place: Place | null };

type Scene = {
  state: SaleState;
  waiting: number;
  place: PlaceState | null;
  ahead?: number;
};

/** People in line in the pictures. */
const waiting = 4_820;
const farAhead = 3_600;
const nearAhead = 3;
/** Nobody polls a preview. */
const pollAfterSeconds = 5;

const scenes: Record<PreviewState, Scene> = {
  scheduled: { state: 'scheduled', waiting: 0, place: null },
  lobby: { state: 'lobby', waiting: 260, place: null },
  'lobby-joined': { state: 'lobby', waiting: 260, place: 'lobby', ahead: 118 },
  open: { state: 'open', waiting, place: null },
  challenge: { state: 'open', waiting, place: null },
  'waiting-far': { state: 'open', waiting, place: 'waiting', ahead: farAhead },
  'waiting-near': { state: 'open', waiting, place: 'waiting', ahead: nearAhead },
  admitted: { state: 'open', waiting, place: 'admitted', ahead: 0 },
  done: { state: 'open', waiting, place: 'done', ahead: 0 },
  expired: { state: 'open', waiting, place: 'expired', ahead: 0 },
  left: { state: 'open', waiting, place: 'left', ahead: 0 },
  paused: { state: 'paused', waiting, place: 'waiting', ahead: farAhead },
  sold_out: { state: 'sold_out', waiting, place: 'waiting', ahead: farAhead },
  closed: { state: 'closed', waiting: 0, place: null },
};

const hasStock = ({ state }: Scene) => state !== 'sold_out' && state !== 'closed';

export function previewOf(preview: Preview, state: PreviewState, nowMs: number): Shown {
  const scene = scenes[state];
  const sale: PublicSale = {
    ...publicInfo(preview.info, (id) => (hasStock(scene) ? (preview.free[id] ?? 0) : 0)),
    lobbyOpensAt: null,
    state: scene.state,
    serverTime: isoTime(nowMs),
    waiting: scene.waiting,
    admitPerMinute: preview.admitPerMinute,
    message: preview.message,
  };
  return { sale, place: scene.place && placeIn(preview, sale, scene, scene.place, nowMs) };
}

function placeIn(
  { info, free, tokenSeconds }: Preview,
  sale: PublicSale,
  scene: Scene,
  state: PlaceState,
  nowMs: number,
): Place {
  const isDrawn = info.mode === 'lottery' && state !== 'lobby';
  const isSecret = info.mode === 'lottery' && state === 'lobby';
  const { ahead = 0 } = scene;
  const units = Object.values(free).reduce((sum, count) => sum + count, 0);
  const unitsLeft = hasStock(scene) ? units : 0;
  const kind = ahead < unitsLeft ? 'likely' : 'unlikely';
  return {
    state,
    number: ahead + 1,
    ahead: isSecret ? null : ahead,
    behind: isSecret ? null : Math.max(0, scene.waiting - ahead - 1),
    etaSeconds: isSecret || scene.state !== 'open' ? null : etaOf(ahead, sale.admitPerMinute),
    pollAfterSeconds,
    lane: 'main',
    saleState: scene.state,
    message: sale.message,
    outlook: { kind: scene.state === 'sold_out' ? 'sold_out' : kind, unitsLeft, unitsHeld: 0 },
    ...(state === 'admitted' ? { admittedUntil: isoTime(nowMs + tokenSeconds * 1_000) } : {}),
    ...(isDrawn ? { lobbyNumber: scene.waiting - ahead } : {}),
  };
}

/** At the set rate, and somewhat more slowly. */
function etaOf(ahead: number, admitPerMinute: number): Place['etaSeconds'] {
  if (admitPerMinute === 0) return null;
  const seconds = (ahead / admitPerMinute) * 60;
  return { low: Math.round(seconds), high: Math.round(seconds * 1.3) };
}
