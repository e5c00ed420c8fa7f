import { type Json, listAt, merged, objectAt, resolved, textAt } from './docs-schema.ts';

/** A request by curl, as one would type it; credentials are named, as `$KEY`. */
export function curlOf(document: Json, method: string, path: string, operation: Json): string {
  const parameters = listAt(operation.parameters).map((it) => resolved(document, it));
  const inPath = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const declared = parameters.find((it) => it.in === 'path' && it.name === name);
    const example = declared && exampleOf(document, declared.schema, declared);
    return typeof example === 'string' && example !== 'text' ? example : `$${name.toUpperCase()}`;
  });
  const query = parameters
    .filter((it) => it.in === 'query' && it.required === true)
    .map((it) => `${textAt(it.name)}=${exampleOf(document, it.schema, it)}`);
  const [server = {}] = listAt(document.servers).map(objectAt);
  const target = `${textAt(server.url) || '$URL'}${inPath}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  const lines = [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "${target}"`,
    ...credentials(document, operation),
    ...bodyLines(document, operation),
  ];
  return lines.join(' \\\n  ');
}

function credentials(document: Json, operation: Json): string[] {
  const asked = listAt(operation.security ?? document.security).map(objectAt);
  const [first = {}] = asked;
  const schemes = objectAt(objectAt(document.components).securitySchemes);
  return Object.keys(first).map((name) => {
    const scheme = resolved(document, schemes[name]);
    const value = `$${name.replaceAll(/([A-Z])/g, '_$1').toUpperCase()}`;
    if (scheme.type !== 'apiKey') return `-H "Authorization: Bearer ${value}"`;
    const key = textAt(scheme.name);
    return scheme.in === 'cookie' ? `-b "${key}=${value}"` : `-H "${key}: ${value}"`;
  });
}

function bodyLines(document: Json, operation: Json): string[] {
  const content = objectAt(resolved(document, operation.requestBody).content);
  const [found] = Object.entries(content);
  if (found === undefined) return [];
  const [type, media] = found;
  const example = exampleOf(document, objectAt(media).schema, objectAt(media));
  if (type === 'application/x-www-form-urlencoded') {
    return Object.entries(objectAt(example)).map(([name, value]) => `-d "${name}=${value}"`);
  }
  const text = type.endsWith('json') ? JSON.stringify(example) : '@body';
  return [`-H "Content-Type: ${type}"`, `-d '${text.replaceAll("'", String.raw`'\''`)}'`];
}

const depthMax = 6;

/** A value that fits a schema: what is needed, and what has an example of its own. */
export function exampleOf(document: Json, schema: unknown, holder: Json = {}, depth = 0): unknown {
  if (holder.example !== undefined) return holder.example;
  const whole = merged(document, schema);
  const [given] = [...listAt(whole.examples), ...listAt(whole.enum)];
  const told = given ?? whole.example ?? whole.const ?? whole.default;
  if (told !== undefined) return told;
  const [kind] = [...listAt(whole.anyOf), ...listAt(whole.oneOf)];
  if (kind !== undefined) return exampleOf(document, kind, {}, depth + 1);
  if (depth > depthMax) return null;
  if (whole.items !== undefined) {
    const item = exampleOf(document, whole.items, {}, depth + 1);
    return [item];
  }
  const type = Array.isArray(whole.type) ? whole.type[0] : whole.type;
  switch (type) {
    case 'object':
      return objectExample(document, whole, depth);
    case 'integer':
    case 'number':
      return Math.max(1, Number(whole.minimum ?? 1));
    case 'boolean':
      return true;
    default:
      return examples[textAt(whole.format)] ?? 'text';
  }
}

function objectExample(document: Json, schema: Json, depth: number): Json {
  const required = listAt(schema.required);
  const shown = Object.entries(objectAt(schema.properties)).filter(([name, property]) => {
    const { examples: own, example } = merged(document, property);
    return required.includes(name) || own !== undefined || example !== undefined;
  });
  return Object.fromEntries(
    shown.map(([name, property]) => [name, exampleOf(document, property, {}, depth + 1)]),
  );
}

const examples: Record<string, string> = {
  'date-time': '2026-12-01T10:00:00Z',
  email: 'shopper@example.org',
  uri: 'https://shop.example/',
};
