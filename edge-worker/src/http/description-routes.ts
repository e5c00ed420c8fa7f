import { docsPage, docsPolicy } from '@fairgate/shared/http/docs-page.ts';
import { Hono } from 'hono';
import type { Edge, EdgeEnv } from './context.ts';
import { openapiDocument } from './openapi.ts';

const forAMinute = { 'cache-control': 'public, max-age=60' };

/** The description of the edge, made when it is first asked for: no poll waits for it. */
export function descriptionRoutes({ publicOrigin }: Pick<Edge, 'publicOrigin'>): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();
  let made: { json: string; page: string } | undefined;
  const described = async () => {
    if (made === undefined) {
      const document = openapiDocument(publicOrigin);
      made = { json: JSON.stringify(document), page: `${await docsPage(document)}` };
    }
    return made;
  };
  routes.get('/openapi.json', async (c) => {
    const { json } = await described();
    return c.body(json, 200, { 'content-type': 'application/json', ...forAMinute });
  });
  routes.get('/docs', async (c) => {
    const { page } = await described();
    return c.html(page, 200, { 'content-security-policy': docsPolicy, ...forAMinute });
  });
  return routes;
}
