import type { RoomSettings } from './shapes.ts';

/** As the API has them where nothing is sent; a test holds them against its own. */
export const defaults: RoomSettings = {
  admitPerMinute: 600,
  maxActive: 500,
  tokenSeconds: 120,
  paySeconds: 300,
  abandonSeconds: 120,
  lobbySeconds: 900,
  maxUnitsPerShopper: 1,
  guaranteeStock: true,
  challenge: 'none',
  challengeAt: ['join'],
  bindTokens: 'optional',
  message: '',
};
