import { type History, history } from './history.ts';
import { type LiveParts, type LiveRooms, liveRooms } from './live.ts';
import { type LiveHub, liveHub } from './live-hub.ts';

/** Everything by which admins watch a sale: figures now, as they come, and over time. */
export function watching(parts: LiveParts & { pause(ms: number): Promise<void> }): {
  live: LiveRooms;
  hub: LiveHub;
  history: History;
} {
  const { clock, pause } = parts;
  const live = liveRooms(parts);
  const read = async (saleId: string) => (await live.read(saleId)).live;
  const hub = liveHub({ read, clock, pause });
  return { live, hub, history: history({ ...parts, live, hub }) };
}
