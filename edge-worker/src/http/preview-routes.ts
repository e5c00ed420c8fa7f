import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { type PreviewState, previewStates } from '@fairgate/shared/preview/preview.ts';
import { languageOfTag } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { Hono } from 'hono';
import { previewOf } from '../domain/preview.ts';
import type { EdgePage } from '../pages/edge-page.ts';
import { toldPage } from '../pages/error-page.ts';
import { dressed } from '../pages/look.ts';
import { previewPage } from '../pages/preview-page.ts';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';
import { refusal } from './refusals.ts';

/** A sale's page in each of its states, by a link that its admins made. Nobody joins by it. */
export function previewRoutes(edge: Edge): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();
  routes.get('/preview/:id', async (c) => {
    const id = c.req.param('id');
    const found = await edge.previews.find(id);
    const language = languageOfTag(c.req.query('lang') ?? '') ?? spokenLanguage(c);
    switch (found.kind) {
      case 'preview': {
        const state = stateOf(c.req.query('state'));
        const shown = previewOf(found.preview, state, edge.now());
        const { expiresAt } = found.preview;
        const more = { id, state, expiresAt, ...dressed(found.preview.appearance, language) };
        return await page(c, previewPage({ ...shown, ...more }), 200);
      }
      case 'unknown': {
        const speech = speechIn(language);
        const words = {
          title: speech.say('preview.gone'),
          text: speech.say('preview.goneText'),
          requestId: c.get('requestId'),
          address: null,
          refreshSeconds: null,
        };
        return await page(c, toldPage(speech, words), 404);
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

async function page(c: EdgeContext, { html, headers }: EdgePage, status: 200 | 404) {
  return c.body(`${await html}`, status, {
    ...headers,
    'cache-control': 'no-store',
    'x-robots-tag': 'noindex, nofollow',
  });
}
