import { html, raw } from 'hono/html';
import type { OpenapiDocument } from './openapi.ts';
import type { Operation } from './openapi-parts.ts';

const css = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; margin: 2rem 0 0.25rem; }
code { font-family: ui-monospace, monospace; }
dl { display: grid; grid-template-columns: 4rem 1fr; gap: 0.25rem; margin: 0.5rem 0; }
dd { margin: 0; }
`;

/** The API on one page, from its own description, with nothing loaded from elsewhere. */
export function docsPage(document: OpenapiDocument) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${document.info.title}</title>
        <style>
          ${raw(css)}
        </style>
      </head>
      <body>
        <main>
          <h1>${document.info.title}</h1>
          <p>${document.info.description} Machines read <code>/openapi.json</code>.</p>
          ${operations}
        </main>
      </body>
    </html>`;
}

function section(method: string, path: string, operation: Operation) {
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) => html`<dt>${status}</dt>
        <dd>${answer.description}</dd>`,
  );
  return html`<section>
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${operation.tags?.includes('inside') ? 'Inside: ' : ''}${operation.summary}</p>
    <dl>${answers}</dl>
  </section>`;
}
