import { banListVersion, bansKey, versionLength } from '@fairgate/shared/bans/ban.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import type { Redis } from 'ioredis';
import type { BansAnswer, DoorGateways } from '../app/door-ports.ts';

/** With the 1.2 s of the isolate no answer goes by a list that is older than 1.6 s. */
const heldMsMax = 400;
/** A Redis that hangs makes nobody wait longer: the last list holds. */
const answerMsMax = 500;

/**
 * The list of bans for all isolates of a gateway: its version is read twice a second at most, and
 * the rest where it has risen. The last list is kept where Redis is away or was emptied.
 */
export function bannedList(
  redis: Pick<Redis, 'get' | 'getrange'>,
  whenReady: () => Promise<void>,
  clock: Clock,
): DoorGateways['bans'] {
  let held = { version: 0, text: '' };
  let readAtMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  const read = async () => {
    try {
      const startedAtMs = clock.now();
      await whenReady();
      const beginning = await redis.getrange(bansKey, 0, versionLength - 1);
      if ((banListVersion(beginning) ?? 0) > held.version) {
        const text = (await redis.get(bansKey)) ?? '';
        const version = banListVersion(text) ?? 0;
        if (version > held.version) held = { version, text };
      }
      readAtMs = startedAtMs;
    } finally {
      underWay = undefined;
    }
  };

  return async (knownVersion): Promise<BansAnswer> => {
    if (clock.now() - readAtMs >= heldMsMax) {
      underWay ??= read();
      try {
        await soon(underWay);
      } catch (error) {
        if (held.version <= knownVersion) return { kind: 'unavailable', cause: String(error) };
      }
    }
    return held.version > knownVersion ? { kind: 'list', text: held.text } : { kind: 'none' };
  };
}

async function soon(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer')), answerMsMax);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
