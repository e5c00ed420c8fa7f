import {
  knownPushHosts,
  type PushRule,
  pushHostsSchema,
} from '@fairgate/shared/notices/push-endpoint.ts';
import { vapidPrivateKeyForm, vapidPublicKeyForm } from '@fairgate/shared/notices/vapid.ts';
import { z } from 'zod';

/** As whom push messages are sent (RFC 8292); `subject`: a mailto: or https: address of the shop. */
export type Vapid = { publicKey: string; privateKey: string; subject: string };

const optionalOf = (schema: z.ZodType<string>) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const keyHint = 'must be as "npm run keys" gives it';

/** Settings of push messages, for `config.ts`. */
export const pushSettings = {
  FAIRGATE_VAPID_PUBLIC_KEY: optionalOf(z.string().regex(vapidPublicKeyForm, keyHint)),
  FAIRGATE_VAPID_PRIVATE_KEY: optionalOf(z.string().regex(vapidPrivateKeyForm, keyHint)),
  FAIRGATE_VAPID_SUBJECT: optionalOf(
    z.string().regex(/^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/, 'must be mailto:… or https://…'),
  ),
  /** Hosts of push services that may be called; `*` is any public one. */
  FAIRGATE_PUSH_HOSTS: z.preprocess((value) => value || knownPushHosts, pushHostsSchema),
  /** Also push services on this machine: for tests, and the local stack. */
  FAIRGATE_PUSH_LOOPBACK: z.enum(['0', '1']).default('0'),
};
type Settings = z.infer<z.ZodObject<typeof pushSettings>>;

function vapidOf(settings: Settings): (string | undefined)[] {
  return [
    settings.FAIRGATE_VAPID_PUBLIC_KEY,
    settings.FAIRGATE_VAPID_PRIVATE_KEY,
    settings.FAIRGATE_VAPID_SUBJECT,
  ];
}

export function isVapidWhole(settings: Settings): boolean {
  const given = vapidOf(settings).filter((one) => one !== undefined).length;
  return given === 0 || given === 3;
}

export const vapidMistake = {
  path: ['FAIRGATE_VAPID_PUBLIC_KEY'],
  error: 'is set together with FAIRGATE_VAPID_PRIVATE_KEY and FAIRGATE_VAPID_SUBJECT, or none is',
};

export function pushConfig(settings: Settings): { vapid: Vapid | null; pushRule: PushRule } {
  const [publicKey, privateKey, subject] = vapidOf(settings);
  const isWhole = publicKey !== undefined && privateKey !== undefined && subject !== undefined;
  return {
    vapid: isWhole ? { publicKey, privateKey, subject } : null,
    pushRule: {
      hosts: settings.FAIRGATE_PUSH_HOSTS,
      allowsLoopback: settings.FAIRGATE_PUSH_LOOPBACK === '1',
    },
  };
}
