import type { CheckoutHealth } from '@fairgate/shared/db/checkout-health.ts';
import type { Capacity } from './capacity.ts';
import type { PaymentProvider } from './provider-ports.ts';

/** What this instance tells of itself, with each of its beats. */
export function healthOf(
  providers: readonly Pick<PaymentProvider, 'name' | 'breaker'>[],
  errors: { total(): number },
  capacity: Pick<Capacity, 'perSecond'>,
): CheckoutHealth {
  return {
    providers: providers.map(({ name }) => name),
    breakers: Object.fromEntries(providers.map((one) => [one.name, one.breaker()])),
    errorsPerMinute: errors.total(),
    claimsPerSecond: capacity.perSecond(),
  };
}
