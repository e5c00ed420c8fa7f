import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connectTo, type Server } from './server-socket.ts';

export type PoolSockets = {
  /** The `socket` option of postgres.js, which asks for each new connection. Never rejects. */
  open(): Promise<Duplex>;
  /** Ends all of them for good, and refuses new ones. */
  destroy(): void;
};

const ignore = () => {};
const givenUp = () => new Error('the connections to Postgres were given up');

/**
 * The sockets of one client of postgres.js. `onLost` is told of each that was closed once it was
 * ready for queries: what postgres.js keeps of that connection may be broken.
 */
export function poolSockets(server: Server, onLost: () => void): PoolSockets {
  const live = new Set<Socket>();
  let isOver = false;
  const track = (socket: Socket, under?: Socket) => {
    live.add(socket);
    // Destroyed under its TLS it would make that write into nothing.
    if (under) live.delete(under);
    socket.on('error', ignore);
    socket.once('close', () => {
      live.delete(socket);
      // postgres.js takes all listeners away now, and a late error would end the process.
      process.nextTick(() => socket.on('error', ignore));
    });
  };
  return {
    async open() {
      if (isOver) return failed(givenUp());
      try {
        const socket = await connectTo(server, track);
        watch(socket, () => {
          if (!isOver) onLost();
        });
        return socket;
      } catch (error) {
        return failed(error instanceof Error ? error : new Error(String(error)));
      }
    },
    destroy() {
      isOver = true;
      for (const socket of live) socket.destroy(givenUp());
    },
  };
}

/** One that is closed before it was ready ends with an error: postgres.js would ask again at once. */
function watch(socket: Socket, onLost: () => void): void {
  let greeting = Buffer.alloc(0);
  let isReady = false;
  const look = (chunk: Buffer) => {
    greeting = Buffer.concat([greeting, chunk]);
    isReady = isReadyForQueries(greeting);
    if (isReady) socket.off('data', look);
  };
  socket.on('data', look);
  socket.once('end', () => {
    if (!isReady) socket.destroy(new Error('Postgres closed a connection before it was ready'));
  });
  socket.once('close', () => {
    if (isReady) onLost();
  });
}

const readyForQuery = 'Z'.charCodeAt(0);

/** A message is its type, its length in 4 bytes (which it counts too) and its content. */
function isReadyForQueries(greeting: Buffer): boolean {
  for (let at = 0; at + 5 <= greeting.length; at += 1 + greeting.readUInt32BE(at + 1)) {
    if (greeting[at] === readyForQuery) return true;
  }
  return false;
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
