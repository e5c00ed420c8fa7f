/** The parts of a JWS in its compact form (RFC 7515 section 7.1), still encoded. */
export type CompactJws = { head: string; body: string; signature: string };

/** Null for whatever has another form: two of them with a comma between, for one. */
export function compactJws(text: string): CompactJws | null {
  const match = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text);
  if (!match) return null;
  const [, head = '', body = '', signature = ''] = match;
  return { head, body, signature };
}

/** The JSON of a header or payload; undefined where it is none. */
export function decodedPart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
