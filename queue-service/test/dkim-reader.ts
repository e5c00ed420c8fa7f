import { createHash, type KeyObject, verify } from 'node:crypto';

export type DkimReading = { tags: Record<string, string>; isGenuine: boolean; fields: string[] };

/** For tests: checks a DKIM signature of relaxed/relaxed (RFC 6376) over a raw mail, with its key. */
export function readDkim(raw: string, publicKey: KeyObject): DkimReading {
  const end = raw.indexOf('\r\n\r\n');
  const headers = raw.slice(0, end).split(/\r\n(?![ \t])/);
  const body = relaxedBody(raw.slice(end + 4));
  const signature = headers.find((line) => /^dkim-signature:/i.test(line)) ?? '';
  const tags = tagsOf(signature.slice(signature.indexOf(':') + 1));
  const bodyHash = createHash('sha256').update(body, 'latin1').digest('base64');
  const fields = (tags.h ?? '').toLowerCase().split(':');
  // Each name takes the last field of that name that none before it took (section 5.4.2).
  const left = [...headers];
  const signed = fields.flatMap((name) => {
    const at = left.findLastIndex((line) => line.toLowerCase().startsWith(`${name}:`));
    return at === -1 ? [] : left.splice(at, 1).map(relaxedHeader);
  });
  const own = relaxedHeader(signature.replace(/([;\s]b=)[^;]*/, '$1'));
  const data = Buffer.from([...signed, own].join('\r\n'), 'latin1');
  const isGenuine =
    tags.bh === bodyHash && verify('sha256', data, publicKey, Buffer.from(tags.b ?? '', 'base64'));
  return { tags, isGenuine, fields };
}

function tagsOf(text: string): Record<string, string> {
  const pairs = text.split(';').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [name.trim(), value.join('=').replaceAll(/\s+/g, '')];
  });
  return Object.fromEntries(pairs);
}

/** Section 3.4.2. */
function relaxedHeader(line: string): string {
  const colon = line.indexOf(':');
  const value = line
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ');
  return `${line.slice(0, colon).trim().toLowerCase()}:${value.trim()}`;
}

/** Section 3.4.4. */
function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\r\n`).join('');
}
