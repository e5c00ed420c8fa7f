import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export type Seen = {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
};

/** In the place of a checkout: it notes what reaches it, and behaves as it is told. */
export type EchoUpstream = {
  host: string;
  seen: Seen[];
  behaviour: 'answers' | 'drops' | 'hangs' | 'is a bad gateway';
  /** Streams that are open. */
  streams: Set<ServerResponse>;
  stop(): Promise<void>;
};

export async function startEchoUpstream(): Promise<EchoUpstream> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      upstream.seen.push({ method, url, headers, body });
      switch (upstream.behaviour) {
        case 'answers':
          return answer(url, response);
        case 'drops':
          return request.socket.destroy();
        case 'is a bad gateway':
          return response.writeHead(502).end('<html>');
        case 'hangs':
      }
    });
  });
  const upstream: EchoUpstream = {
    host: '',
    seen: [],
    behaviour: 'answers',
    streams: new Set(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const answer = (url: string, response: ServerResponse) => {
    if (url.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: order\n\n');
      upstream.streams.add(response);
      response.once('close', () => upstream.streams.delete(response));
    } else if (url.startsWith('/checkout/assets/')) {
      const maxAge = /\d+/.exec(url) ?? 300;
      const headers = { etag: '"v1"', 'cache-control': `public, max-age=${maxAge}` };
      response.writeHead(200, { ...headers, 'content-type': 'text/css' });
      response.end(`body{}${' '.repeat(4_000)}`);
    } else response.end(upstream.host);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  upstream.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return upstream;
}
