import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import type { Refusal } from '../mistake.ts';

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

/** One POST of JSON; null where no answer came, or none that can be read. */
export async function ask(
  path: string,
  headers: Record<string, string>,
  json: object,
): Promise<Answer | null> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      // With none the browser would call our own page nobody's (`Origin: null`).
      referrerPolicy: 'same-origin',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    const body: AnswerBody = await response.json();
    return { response, body, refusal: refusalOf(body) };
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
