export type Json = Record<string, unknown>;

/** One field as it is shown: `items[].quantity`, what it is, and what is said of it. */
export type Field = { name: string; type: string; isRequired: boolean; note: string };

/** As an object; nothing where it is none. */
export function objectAt(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function listAt(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textAt(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Follows `#/…` references of the document; what names nothing is an object without members. */
export function resolved(document: Json, node: unknown): Json {
  const object = objectAt(node);
  const ref = textAt(object.$ref);
  if (!ref.startsWith('#/')) return object;
  const found = ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => {
      return objectAt(at)[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')];
    }, document);
  return resolved(document, found);
}

/** Past this nesting fields are not told apart, which also ends schemas that hold themselves. */
const depthMax = 5;

/** The fields of an object (of each kind where it may be one of several), those within included. */
export function fieldsOf(document: Json, schema: unknown, prefix = '', depth = 0): Field[] {
  const whole = merged(document, schema);
  if (depth > depthMax) return [];
  if (whole.items !== undefined) return fieldsOf(document, whole.items, `${prefix}[]`, depth + 1);
  const kinds = alternatives(document, whole);
  const ofKinds = kinds.flatMap((kind) => fieldsOf(document, kind, prefix, depth + 1));
  const required = listAt(whole.required);
  const own = Object.entries(objectAt(whole.properties)).flatMap(([key, property]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const field = {
      name,
      type: typeWords(document, property),
      isRequired: required.includes(key),
      note: textAt(merged(document, property).description),
    };
    return [field, ...fieldsOf(document, property, name, depth + 1)];
  });
  return [...joined(ofKinds, kinds.length), ...own];
}

/** A field of several kinds is told once, and is needed where each of them needs it. */
function joined(fields: Field[], kinds: number): Field[] {
  return [...Map.groupBy(fields, ({ name }) => name).values()].map((same) => {
    const [first = { name: '', note: '' }] = same;
    const types = [...new Set(same.map(({ type }) => type))].join(' or ');
    const isRequired = same.length >= kinds && same.every((it) => it.isRequired);
    return { ...first, type: types, isRequired };
  });
}

/** What a schema is, in words: `integer, 1 to 600,000`. */
export function typeWords(document: Json, schema: unknown): string {
  const whole = merged(document, schema);
  if (Array.isArray(whole.enum)) return whole.enum.map((it) => JSON.stringify(it)).join(' | ');
  if (whole.const !== undefined) return JSON.stringify(whole.const);
  const kinds = [...listAt(whole.anyOf), ...listAt(whole.oneOf)];
  if (kinds.length > 0) {
    return [...new Set(kinds.map((kind) => typeWords(document, kind)))].join(' or ');
  }
  if (whole.items !== undefined) {
    const size = rangeWords(whole.minItems, whole.maxItems);
    return `list${size && ` (${size})`} of ${typeWords(document, whole.items)}`;
  }
  const type = Array.isArray(whole.type) ? whole.type.join(' or ') : textAt(whole.type);
  const shown = whole.default === undefined ? '' : `, else ${JSON.stringify(whole.default)}`;
  return `${type || 'anything'}${limitWords(whole)}${shown}`;
}

function limitWords(schema: Json): string {
  const format = textAt(schema.format);
  const range = rangeWords(
    schema.minimum ?? schema.exclusiveMinimum,
    schema.maximum ?? schema.exclusiveMaximum,
  );
  const length = rangeWords(schema.minLength, schema.maxLength);
  const pattern = format === '' ? textAt(schema.pattern) : '';
  const isShort = pattern !== '' && pattern.length <= 60;
  return [
    format && ` (${format})`,
    range && `, ${range}`,
    length && `, ${length} characters`,
    isShort && `, as ${pattern}`,
  ]
    .filter(Boolean)
    .join('');
}

/** Whole numbers that fit a double have no limit that anybody chose. */
function rangeWords(min: unknown, max: unknown): string {
  const [low, high] = [min, max].map((it) =>
    typeof it === 'number' && Math.abs(it) < Number.MAX_SAFE_INTEGER ? it : null,
  );
  const words = (value: number) => value.toLocaleString('en');
  if (low != null && high != null) return `${words(low)} to ${words(high)}`;
  if (low != null) return low === 0 ? '' : `at least ${words(low)}`;
  return high != null ? `at most ${words(high)}` : '';
}

/** The schema with what it is put together of, its references followed. */
export function merged(document: Json, schema: unknown): Json {
  const { allOf, ...own } = resolved(document, schema);
  const parts = [own, ...listAt(allOf).map((part) => merged(document, part))];
  const properties = Object.assign({}, ...parts.map((part) => objectAt(part.properties)));
  const required = parts.flatMap((part) => listAt(part.required));
  return { ...Object.assign({}, ...parts), properties, required };
}

function alternatives(document: Json, schema: Json): Json[] {
  const kinds = [...listAt(schema.anyOf), ...listAt(schema.oneOf)];
  return kinds.map((kind) => merged(document, kind)).filter(({ type }) => type !== 'null');
}
