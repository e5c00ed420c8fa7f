import { html, raw } from 'hono/html';
import { docsCss } from './docs-css.ts';
import { curlOf } from './docs-example.ts';
import {
  type Field,
  fieldsOf,
  type Json,
  listAt,
  objectAt,
  resolved,
  textAt,
  typeWords,
} from './docs-schema.ts';

type Html = ReturnType<typeof html>;
type Operation = { id: string; method: string; path: string; json: Json };

/** For that page: its style is its own, and nothing else is allowed. */
export const docsPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * An OpenAPI 3.1 document as one page: each operation with its parameters, fields, answers and an
 * example. It runs no script, loads nothing, and can be printed.
 */
export function docsPage(openapi: object): Html {
  const document = objectAt(openapi);
  const { title, version, description } = objectAt(document.info);
  const operations = operationsOf(document);
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}: API</title>
    <style>${raw(docsCss)}</style>
  </head>
  <body>
    <header>
      <h1>${title}</h1>
      ${prose(textAt(description))}
      <p>Version ${version}. Machines read <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).
      Refusals are problem documents (RFC 9457), each named by the end of its <code>type</code>.</p>
      ${schemes(document)}
    </header>
    <nav aria-label="Operations"><ul>${operations.map(
      ({ id, method, path }) =>
        html`<li><a href="#${id}"><b>${method.toUpperCase()}</b> ${path}</a></li>`,
    )}</ul></nav>
    <main>${operations.map((operation) => section(document, operation))}</main>
  </body>
</html>`;
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace'];

function operationsOf(document: Json): Operation[] {
  return Object.entries(objectAt(document.paths)).flatMap(([path, item]) =>
    methods
      .filter((method) => objectAt(item)[method] !== undefined)
      .map((method) => {
        const own = objectAt(objectAt(item)[method]);
        const parameters = [...listAt(objectAt(item).parameters), ...listAt(own.parameters)];
        const id = textAt(own.operationId) || `${method}${path.replaceAll(/[^\w]+/g, '-')}`;
        return { id, method, path, json: { ...own, parameters } };
      }),
  );
}

function section(document: Json, { id, method, path, json }: Operation): Html {
  const body = resolved(document, json.requestBody);
  const name = `${method.toUpperCase()} ${path}`;
  return html`<section id="${id}" aria-labelledby="${id}-name">
    <h2 id="${id}-name"><b>${method.toUpperCase()}</b> <code>${path}</code></h2>
    <p class="lead">${words(textAt(json.summary))}</p>
    ${prose(textAt(json.description))}
    <p>${access(document, json)}</p>
    ${parameterTable(document, json, name)}
    ${Object.entries(objectAt(body.content)).map(([type, media]) =>
      fieldTable(document, `Body, ${type}`, objectAt(media).schema, name),
    )}
    ${answerTable(document, json, name)}
    ${answerFields(document, json, name)}
    <h3>Example</h3>
    <pre tabindex="0" aria-label="Example of ${name}"><code>${curlOf(document, method, path, json)}</code></pre>
  </section>`;
}

function access(document: Json, operation: Json): string {
  const asked = listAt(operation.security ?? document.security).map(objectAt);
  const isOpen = asked.length === 0 || asked.some((it) => Object.keys(it).length === 0);
  const names = asked.map((it) => Object.keys(it).join(' and ')).filter(Boolean);
  if (names.length === 0) return 'For anyone.';
  return `Credentials: ${names.join(', or ')}${isOpen ? ', or none' : ''}.`;
}

function schemes(document: Json): Html | '' {
  const named = Object.entries(objectAt(objectAt(document.components).securitySchemes));
  if (named.length === 0) return '';
  return html`<h2>Credentials</h2><dl>${named.map(([name, declared]) => {
    const scheme = resolved(document, declared);
    const place =
      scheme.type === 'http'
        ? `the header Authorization with the scheme ${textAt(scheme.scheme)}`
        : `the ${textAt(scheme.in)} ${textAt(scheme.name)}`;
    const more = [scheme.bearerFormat, scheme.description].map(textAt).filter(Boolean).join('. ');
    return html`<dt><code>${name}</code></dt><dd>${words(`${place}${more && `: ${more}`}`)}</dd>`;
  })}</dl>`;
}

function parameterTable(document: Json, operation: Json, name: string): Html | '' {
  const fields = listAt(operation.parameters).map((it): Field & { place: string } => {
    const parameter = resolved(document, it);
    return {
      name: textAt(parameter.name),
      place: textAt(parameter.in),
      type: typeWords(document, parameter.schema),
      isRequired: parameter.required === true,
      note: textAt(parameter.description) || noteOf(document, parameter.schema),
    };
  });
  if (fields.length === 0) return '';
  const rows = fields.map((field) => ({ ...field, name: `${field.name} (${field.place})` }));
  return titledTable('Parameters', rows, name);
}

function noteOf(document: Json, schema: unknown): string {
  return textAt(resolved(document, schema).description);
}

function fieldTable(document: Json, title: string, schema: unknown, name: string): Html {
  const fields = fieldsOf(document, schema);
  if (fields.length > 0) return titledTable(title, fields, name);
  return html`<h3>${title}</h3><p>${typeWords(document, schema)}</p>`;
}

function titledTable(title: string, fields: Field[], name: string): Html {
  return html`<h3>${title}</h3>${table(
    `${title} of ${name}`,
    ['Name', 'What', 'Meaning'],
    fields.map(({ name: field, type, isRequired, note }) => [
      html`<code>${field}</code>${isRequired ? html` <span class="needed">needed</span>` : ''}`,
      html`<code>${type}</code>`,
      words(note),
    ]),
  )}`;
}

function answerTable(document: Json, operation: Json, name: string): Html {
  const rows = Object.entries(objectAt(operation.responses)).map(([status, response]) => {
    const answer = resolved(document, response);
    const content = objectAt(answer.content);
    const headers = Object.keys(objectAt(answer.headers)).join(', ');
    const types = Object.keys(content).join(', ');
    const comes = [types, headers && `headers ${headers}`].filter(Boolean).join('; ');
    return [html`<b>${status}</b>`, words(textAt(answer.description)), html`${comes}`];
  });
  return html`<h3>Answers</h3>${table(`Answers of ${name}`, ['Status', 'What', 'Comes as'], rows)}`;
}

/** Of problems the form is one and the same, and told at the top. */
function answerFields(document: Json, operation: Json, name: string): Html[] {
  return Object.entries(objectAt(operation.responses)).flatMap(([status, response]) => {
    const content = objectAt(resolved(document, response).content);
    return Object.entries(content)
      .filter(([type]) => type !== 'application/problem+json')
      .map(([type, media]) => {
        const { schema, 'x-item-schema': item } = objectAt(media);
        const fields = fieldsOf(document, item ?? schema);
        if (fields.length === 0) return html``;
        const title = `Fields of ${status}, ${type}${item === undefined ? '' : ', each'}`;
        return html`<details><summary>${title}</summary>${titledTable(title, fields, name)}</details>`;
      });
  });
}

type Cell = Html | Html[] | string;

/** Scrolls by itself where it is too wide, also by keyboard. */
function table(label: string, heads: string[], rows: Cell[][]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="${label}"><table>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function prose(text: string): Html[] {
  const parts = text.split(/\n{2,}/).filter(Boolean);
  return parts.map((part) => html`<p>${words(part)}</p>`);
}

/** Text, with what stands between backticks as code. */
function words(text: string): Html[] {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
