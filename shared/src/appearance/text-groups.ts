/** Groups of words that pages, mails and push messages of one sale say; the catalogue is not the sale's. */
export const ownTextGroups: readonly string[] = [
  'common',
  'state',
  'sale',
  'join',
  'place',
  'live',
  'tell',
  'checkout',
  'mistake',
  'order',
  'pay',
  'failure',
  'mail',
  'push',
];

/** Whether a shop may say the text of a key (`group.name`) otherwise. */
export function isOwnTextKey(key: string): boolean {
  return ownTextGroups.includes(key.split('.')[0] ?? '');
}
