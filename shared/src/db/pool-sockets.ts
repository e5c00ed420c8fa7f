import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Where postgres.js wants to connect; several hosts are tried in turn. */
type Target = { host: string[]; port: number[]; path: string | false };

export type PoolSockets = {
  /** The `socket` option of postgres.js, which asks for each new connection. Never rejects. */
  open(target: Target): Promise<Duplex>;
  /** Ends all of them for good, and refuses new ones. */
  destroy(): void;
};

/**
 * The sockets of one client of postgres.js. `onLost` is told of each that was closed otherwise than
 * by a server that refused it: what postgres.js keeps of that connection may be broken.
 */
export function poolSockets(connectTimeoutMs: number, onLost: () => void): PoolSockets {
  const live = new Set<PoolSocket>();
  let isOver = false;
  let turn = 0;
  return {
    async open({ host, port, path }) {
      if (isOver) return failed(new Error('these connections were given up'));
      const socket = new PoolSocket(() => {
        live.delete(socket);
        if (!isOver && socket.isSuspect()) onLost();
      });
      live.add(socket);
      const at = turn++ % port.length;
      const server = { host: host[at] ?? '', port: port[at] ?? 0 };
      // TLS takes the server's name from there.
      Object.assign(socket, server);
      return await connected(socket, path ? { path } : server, connectTimeoutMs);
    },
    destroy() {
      isOver = true;
      for (const socket of live) socket.destroy();
    },
  };
}

function connected(
  socket: PoolSocket,
  to: { path: string } | { host: string; port: number },
  timeoutMs: number,
): Promise<Duplex> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve(failed(error));
    const late = setTimeout(() => {
      socket.destroy(new Error(`no connection to Postgres within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.once('error', fail);
    socket.once('close', () => {
      clearTimeout(late);
      fail(new Error('the connection was given up'));
    });
    socket.connect(to, () => {
      clearTimeout(late);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/**
 * A connection that did not come to be: postgres.js is told by its first write. Told otherwise it
 * would keep the place for ever, or what it had to write.
 */
function failed(error: Error): Duplex {
  const stream: Duplex = new Duplex({
    emitClose: false,
    read() {},
    write: (_chunk, _encoding, done) => done(error),
    destroy(cause, done) {
      done(cause);
      // As a socket says that it was an error: then the next attempts take their time.
      setImmediate(() => stream.emit('close', true));
    },
  });
  return stream;
}

class PoolSocket extends Socket {
  #isConnected = false;
  #hasWritten = false;
  #isReady = false;
  readonly #onGone: () => void;

  constructor(onGone: () => void) {
    super();
    this.#onGone = onGone;
    let greeting = Buffer.alloc(0);
    const look = (chunk: Buffer) => {
      greeting = Buffer.concat([greeting, chunk]);
      this.#isReady = isReadyForQueries(greeting);
      if (this.#isReady) this.off('data', look);
    };
    this.once('connect', () => {
      this.#isConnected = true;
      this.on('data', look);
    });
  }

  /** Refused before it was ready, a connection holds nothing but its start, which was written. */
  isSuspect(): boolean {
    return this.#isReady || (this.#isConnected && !this.#hasWritten);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#hasWritten = true;
    super._write(chunk, encoding, done);
  }

  /** However it ends, and whoever took its listeners away. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void) {
    super._destroy(error, done);
    this.#onGone();
  }
}

const authentication = 'R'.charCodeAt(0);
const refusal = 'E'.charCodeAt(0);
const readyForQuery = 'Z'.charCodeAt(0);

/**
 * Whether the server has come so far; a message is its type, its length in 4 bytes (which it counts
 * too) and its content. Behind TLS nobody here can tell: then it counts as ready.
 */
function isReadyForQueries(greeting: Buffer): boolean {
  const [first] = greeting;
  if (first !== authentication && first !== refusal) return true;
  for (let at = 0; at + 5 <= greeting.length; at += 1 + greeting.readUInt32BE(at + 1)) {
    if (greeting[at] === readyForQuery) return true;
  }
  return false;
}
