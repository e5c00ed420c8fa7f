import { ExponentialBackoff, handleAll, retry } from 'cockatiel';

/** Some six seconds altogether: a Postgres that changes its primary is back by then, a claim still ours. */
const retrying = retry(handleAll, {
  maxAttempts: 6,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 3_000 }),
});

/**
 * Writes down what became of a message. It is out by now: the note alone is tried again, and where that
 * fails too (rejects with its error) the claim stays as it is, so that nobody sends it at once.
 */
export async function settling(note: () => Promise<void>): Promise<void> {
  await retrying.execute(note);
}
