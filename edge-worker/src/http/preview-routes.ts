import { type PreviewState, previewStates } from '@fairgate/shared/preview/preview.ts';
import { Hono } from 'hono';
import { previewOf } from '../domain/preview.ts';
import { errorPage } from '../pages/error-page.ts';
import { type Html, pageHeaders, showOnlyHeaders } from '../pages/layout.ts';
import { previewPage } from '../pages/preview-page.ts';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';
import { refusal } from './refusals.ts';

/** A sale's page in each of its states, by a link that its admins made. Nobody joins by it. */
export function previewRoutes(edge: Edge): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();
  routes.get('/preview/:id', async (c) => {
    const found = await edge.previews.find(c.req.param('id'));
    switch (found.kind) {
      case 'preview': {
        const state = stateOf(c.req.query('state'));
        const shown = previewOf(found.preview, state, edge.now());
        const { expiresAt } = found.preview;
        return await page(c, previewPage(edge.assets, { ...shown, state, expiresAt }), 200);
      }
      case 'unknown': {
        const words = {
          title: 'There is no such preview',
          detail: 'A preview lasts for an hour, and this one is over or never was: make a new one.',
          requestId: c.get('requestId'),
        };
        return await page(c, errorPage(edge.assets, words), 404);
      }
      case 'unavailable':
        throw refusal(found);
    }
  });
  return routes;
}

/** The first one where none, or none that there is, was asked for. */
function stateOf(asked: string | undefined): PreviewState {
  return previewStates.find((state) => state === asked) ?? previewStates[0];
}

async function page(c: EdgeContext, content: Html, status: 200 | 404): Promise<Response> {
  return c.body(`${await content}`, status, { ...pageHeaders, ...showOnlyHeaders });
}
