/**
 * What postgres.js would otherwise ask each new connection about. It asks in a promise that nobody
 * holds: a socket that died just then ended the whole process (`read ECONNRESET`, uncaught). So the
 * types that we bind and read as arrays are told beforehand; spread them with `fetch_types: false`.
 */
export const arrayTypes = {
  textArray: arrayType(1009, (item) => item),
  int4Array: arrayType(1007, Number),
  int8Array: arrayType(1016, Number),
};

function arrayType<T extends string | number>(oid: number, parse: (item: string) => T) {
  return {
    to: oid,
    from: [oid],
    serialize: (items: readonly (string | number | null)[]) => arrayLiteral(items),
    parse: (literal: string) => arrayItems(literal).map((it) => (it === null ? null : parse(it))),
  };
}

/** `{"a","b",NULL}`, each item quoted; arrays of one dimension (PostgreSQL manual, 8.15.6). */
export function arrayLiteral(items: readonly (string | number | null)[]): string {
  const quoted = items.map((item) =>
    item === null ? 'NULL' : `"${`${item}`.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
  );
  return `{${quoted.join(',')}}`;
}

export function arrayItems(literal: string): (string | null)[] {
  const items = literal.matchAll(/"((?:[^"\\]|\\.)*)"|([^,{}"]+)/gs);
  return [...items].map(([, quoted, bare]) => {
    if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gs, '$1');
    return bare === undefined || bare === 'NULL' ? null : bare;
  });
}
