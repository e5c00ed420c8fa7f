/** STRING '1' of a solved challenge that was spent in a sale, for as long as it would be taken. */
export function spentKey(saleId: string, challengeId: string): string {
  return `fg:{${saleId}}:challenge:${challengeId}`;
}
