/** Nobody can say whether the token's key is ours: the published set is away, which is logged there. */
export class KeysAway extends Error {
  override readonly name = 'KeysAway';
}
