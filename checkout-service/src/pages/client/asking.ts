import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import type { Refusal } from '../mistake.ts';
import { fetchInTime } from './deadline-fetch.ts';

/** What these pages read of the API's answers. */
export type AnswerBody = {
  type?: string;
  reason?: string;
  max?: number;
  errors?: { path: string }[];
  order?: { id: string };
  orderId?: string;
  payment?: { clientSecret?: string };
};
export type Answer = { response: Response; body: AnswerBody; refusal: Refusal };

/** One POST of JSON; null where no answer came in time, or none that can be read. */
export async function ask(
  path: string,
  headers: Record<string, string>,
  json: object,
): Promise<Answer | null> {
  try {
    const init = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(json),
    };
    return await fetchInTime(path, init, async (response) => {
      const body: AnswerBody = await response.json();
      return { response, body, refusal: refusalOf(body) };
    });
  } catch {
    return null;
  }
}

/** Empty where it was done. */
export const slugOf = ({ body }: Answer): string => slugIn(body.type) ?? '';

const slugIn = (type: string | undefined) => type?.split(':').pop();

function refusalOf({ type, reason, max, errors }: AnswerBody): Refusal {
  // Our services know no other rows than those of the table.
  const slug = (slugIn(type) ?? 'unavailable') as ProblemSlug;
  return { slug, reason, max, path: errors?.[0]?.path };
}
