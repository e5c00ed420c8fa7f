import type { Answer } from '../../e2e/support/http.ts';
import type { DocumentedOperation } from '../../e2e/support/openapi-document.ts';

/** Of a stream its first event is enough. */
export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!isStream || response.body === null) return { status, headers, text: await response.text() };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('data:')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  return { status, headers, text };
}

const ids: Record<string, string> = {
  products: 'prod',
  sales: 'sale',
  orders: 'ord',
  bans: 'ban',
  'api-keys': 'key',
  webhooks: 'hook',
};
/** An id of the right form that nothing has. */
export const unknownId = ({ path }: DocumentedOperation) =>
  `${ids[path.split('/')[2] ?? '']}_00000000000000000000000000`;

/** Fields of the body. */
export const propertiesOf = ({ body }: DocumentedOperation): string[] => {
  const schema = body?.content['application/json']?.schema;
  const shape = typeof schema === 'object' ? schema : {};
  return Object.keys((shape.properties ?? {}) as object);
};
