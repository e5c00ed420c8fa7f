import { createHash } from 'node:crypto';

/** What a draw is made of: the secret, the log's head at the lobby's close, randomness or ''. */
export type DrawIngredients = { secret: string; lobbyHead: string; randomness: string };

/**
 * The key of a draw, 64 hex digits. Whoever knows the secret does not know the lobby's head before
 * it closes, and visitors do not know the secret: nobody can choose a good number (D8).
 */
export function drawKey({ secret, lobbyHead, randomness }: DrawIngredients): string {
  return createHash('sha256')
    .update(`fairgate-draw\n${secret}\n${lobbyHead}\n${randomness}`)
    .digest('hex');
}
