export type ServerEvent = { event: string; data: string; id?: string };

/**
 * Reads server-sent events (WHATWG HTML section 9.2) until the stream or the reader ends. Rejects
 * unless it is answered 200 with an event stream.
 */
export async function* serverEvents(
  url: string,
  bearer: string,
  signal: AbortSignal,
  lastEventId?: string,
): AsyncGenerator<ServerEvent> {
  const headers = {
    authorization: `Bearer ${bearer}`,
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const response = await fetch(url, { headers, signal });
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200 || response.body === null || !type.startsWith('text/event-stream')) {
    throw new Error(`${url} answered ${response.status} ${type}: ${await response.text()}`);
  }
  let pending = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (pending + text.replaceAll('\r\n', '\n')).split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

/** Undefined for a block of comments, such as a heartbeat. */
function parseBlock(block: string): ServerEvent | undefined {
  let event = 'message';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'id') id = value;
    if (name === 'data') data.push(value);
  }
  return data.length === 0
    ? undefined
    : { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) };
}
