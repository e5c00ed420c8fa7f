import { type Json, jsonContent, refusals } from '@fairgate/shared/http/openapi-parts.ts';
import { z } from 'zod';
import { operationId } from './openapi.ts';
import { signInSchema } from './schemas.ts';
import { sessionView } from './views.ts';

const optionsView = z.object({
  oidc: z
    .object({ name: z.string(), loginUrl: z.string() })
    .nullable()
    .describe("the operator's own login, where one is set"),
});

/** Calls without a key. */
export function openPaths(): Record<string, Json> {
  return {
    '/v1/session': { ...signIn(), ...whoAmI(), ...signOut() },
    '/v1/session/options': open('/v1/session/options', 'How one may sign in', {
      content: jsonContent(optionsView, 'output'),
    }),
    '/healthz': open('/healthz', 'The process is alive', { type: 'application/json' }),
    '/readyz': open('/readyz', 'Able to serve: Postgres answers', {
      type: 'application/json',
      refused: refusals({ unavailable: 'Postgres cannot be reached' }),
    }),
    '/metrics': open('/metrics', 'Metrics for Prometheus', { type: 'text/plain' }),
    '/openapi.json': open('/openapi.json', 'This document', { type: 'application/json' }),
    '/docs': open('/docs', 'This document, to read', { type: 'text/html' }),
  };
}

type Open = { type?: string; content?: Json; refused?: Json };

function open(path: string, summary: string, { type, content, refused = {} }: Open): Json {
  const answered = content ?? (type === undefined ? {} : { [type]: {} });
  return {
    get: {
      operationId: operationId('GET', path),
      summary,
      security: [],
      responses: { 200: { description: 'The answer', content: answered }, ...refused },
    },
  };
}

const session = { content: jsonContent(sessionView, 'output') };
const common = {
  'rate-limited': 'too many wrong credentials came from this address',
  unavailable: 'Postgres cannot be reached',
} as const;
const foreign = 'another origin sent it';

function signIn(): Json {
  return {
    post: {
      operationId: operationId('POST', '/v1/session'),
      summary: 'Sign in at the console with an API key: leaves an HttpOnly cookie for 12 h at most',
      security: [],
      requestBody: { required: true, content: jsonContent(signInSchema, 'input') },
      responses: {
        201: { description: 'Signed in', ...session },
        ...refusals({
          ...common,
          'invalid-request': 'what is wrong is listed in `errors`',
          unauthorized: 'the key is not valid',
          forbidden: foreign,
          'payload-too-large': 'the body is over the limit',
          'unsupported-media-type': 'the body is no JSON by its content type',
        }),
      },
    },
  };
}

function whoAmI(): Json {
  return {
    get: {
      operationId: operationId('GET', '/v1/session'),
      summary: 'Who one is, by whichever credentials',
      responses: {
        200: { description: 'The answer', ...session },
        ...refusals({ ...common, unauthorized: 'no valid credentials', forbidden: foreign }),
      },
    },
  };
}

function signOut(): Json {
  return {
    delete: {
      operationId: operationId('DELETE', '/v1/session'),
      summary: 'Sign out',
      security: [],
      responses: {
        204: { description: 'Done' },
        ...refusals({
          forbidden: foreign,
          'payload-too-large': 'the body is over the limit',
          unavailable: common.unavailable,
        }),
      },
    },
  };
}
