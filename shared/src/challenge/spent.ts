/**
 * STRING '1': a solved challenge that was spent in a sale, for as long as it would be taken. In the
 * slot of the sale; owner: the gateways.
 */
export function spentKey(saleId: string, challengeId: string): string {
  return `fg:{${saleId}}:challenge:${challengeId}`;
}
