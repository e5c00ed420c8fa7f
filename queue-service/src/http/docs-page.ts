import { html } from 'hono/html';
import type { Endpoint } from './endpoint.ts';

const css = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid var(--line); }
code { font: .9rem ui-monospace, monospace; white-space: nowrap; }
`;

/** A page that lists the calls; nothing of it is loaded from elsewhere, and it runs no script. */
export function docsPage(endpoints: readonly Endpoint<unknown, unknown>[]) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Fairgate queue service: API</title>
    <style>${css}</style>
  </head>
  <body>
    <main>
      <h1>Fairgate queue service</h1>
      <p>
        Send <code>Authorization: Bearer &lt;API key&gt;</code>. Roles rise from viewer over
        operator to admin. Mistakes are answered as RFC 9457 problem documents. The whole
        description, with every field, is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).
      </p>
      <table>
        <thead><tr><th>Call</th><th>Does</th><th>Role</th></tr></thead>
        <tbody>
          ${endpoints.map(
            ({ method, path, summary, role }) => html`<tr>
            <td><code>${method} ${path}</code></td><td>${summary}</td><td>${role}</td>
          </tr>`,
          )}
        </tbody>
      </table>
    </main>
  </body>
</html>`;
}

/** For that page: its style is its own, and nothing else is allowed. */
export const docsPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
