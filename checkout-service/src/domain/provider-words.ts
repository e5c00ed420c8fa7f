/** Longer words than these are nobody's reason for a decline. */
const failureCharsMax = 64;

/** Why a payment failed, as a provider says it: whatever that is, what is kept is short and plain. */
export function failureWord(said: string): string {
  return said.replaceAll(/[^\x20-\x7e]/g, '').slice(0, failureCharsMax) || 'declined';
}

/** A provider's id of a payment or an event, or ours as it comes back from there. */
export function isProviderId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** An ISO 4217 code, in either case. */
export function isCurrency(text: string): boolean {
  return /^[A-Za-z]{3}$/.test(text);
}
