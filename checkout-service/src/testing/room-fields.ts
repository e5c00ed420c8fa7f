import type { RoomFields } from '@fairgate/shared/room/room.ts';

/** For tests: an open room without units, whose tokens live for 5 s. */
export const roomFields: RoomFields = {
  name: 'Test sale',
  mode: 'fifo',
  phase: 'open',
  startsAt: Date.now() - 1_000,
  endsAt: 0,
  info: '{}',
  units: 0,
  admitPerMinute: 60_000,
  maxActive: 100,
  tokenSeconds: 5,
  abandonSeconds: 60,
  lobbySeconds: 0,
  maxUnitsPerShopper: 1,
  guaranteeStock: 1,
  message: '',
  placesPerAddress: 0,
  priorityShare: 0.5,
  revocations: '[]',
};
