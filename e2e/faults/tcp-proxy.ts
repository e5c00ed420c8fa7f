import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Direction, type Lane, makeLanes, type Weather } from './tcp-lane.ts';
import { armTrap, record, type Trap, type Traps, type TrapWish } from './tcp-traps.ts';

export type { Direction } from './tcp-lane.ts';
export type { Trap } from './tcp-traps.ts';

/** A TCP way to one server on the loopback, with faults at will. Whoever starts it stops it. */
export type TcpProxy = {
  port: number;
  /** The same URL, by way of the proxy. */
  through(url: string): string;
  /** Connections that were asked for, those of now, and bytes that were carried. */
  count(): { opened: number; live: number; carried: Record<Direction, number> };
  dropReplies(on: boolean): void;
  /** No byte passes that way (nor its end), and nobody is told; `thaw` lets them go on, in order. */
  freeze(...ways: Direction[]): void;
  thaw(): void;
  latency(ms: number): void;
  /** Connections to come are reset as soon as they are made. */
  refuse(on: boolean): void;
  /** RST to both ends of every connection of now. */
  reset(): void;
  /** Springs once, when these bytes pass; see `Trap`. */
  trap(wish: TrapWish): Trap;
  /** All that passes that way from now on, as Latin-1. */
  record(way: Direction): () => string;
  /** After so many further bytes that way a connection is reset; once. */
  cutAfter(bytes: number, way: Direction): void;
  /** Ends every fault, a cut that is still to come among them; traps and records stay. */
  mend(): void;
  stop(): Promise<void>;
};

type Pair = { toServer: Lane; toClient: Lane; reset(): void };
type State = {
  weather: Weather;
  traps: Traps;
  pairs: Set<Pair>;
  carried: Record<Direction, number>;
  cut: { bytes: number; way: Direction } | null;
};

export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const state: State = {
    weather: { frozen: new Set(), dropsReplies: false, latencyMs: 0, refuses: false },
    traps: new Set(),
    pairs: new Set(),
    carried: { 'to-server': 0, 'to-client': 0 },
    cut: null,
  };
  let opened = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    opened += 1;
    if (state.weather.refuses) client.on('error', () => {}).resetAndDestroy();
    else join(state, client, serverPort);
  });
  const port = await listen(server);
  const resetAll = () => {
    for (const pair of [...state.pairs]) pair.reset();
  };
  return {
    port,
    through: (url) => throughPort(url, port),
    count: () => ({ opened, live: state.pairs.size, carried: { ...state.carried } }),
    trap: (wish) => armTrap(state.traps, wish),
    record: (way) => record(state.traps, way),
    cutAfter(bytes, way) {
      state.cut = { bytes, way };
    },
    reset: resetAll,
    ...switches(state),
    mend() {
      state.cut = null;
      Object.assign(state.weather, { dropsReplies: false, latencyMs: 0, refuses: false });
      thaw(state);
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      state.weather.refuses = true;
      resetAll();
      await closed;
    },
  };
}

function thaw({ weather, pairs }: State): void {
  weather.frozen.clear();
  for (const { toServer, toClient } of [...pairs]) {
    toServer.flow();
    toClient.flow();
  }
}

function switches(state: State) {
  const { weather } = state;
  return {
    dropReplies(on: boolean) {
      weather.dropsReplies = on;
    },
    freeze(...ways: Direction[]) {
      for (const way of ways) weather.frozen.add(way);
    },
    thaw: () => thaw(state),
    latency(ms: number) {
      weather.latencyMs = ms;
    },
    refuse(on: boolean) {
      weather.refuses = on;
    },
  };
}

/** client <-> lanes <-> server, until one of them is gone. */
function join(state: State, client: Socket, serverPort: number): void {
  const upstream = connect({
    host: '127.0.0.1',
    port: serverPort,
    allowHalfOpen: true,
    noDelay: true,
  });
  const reset = () => {
    state.pairs.delete(pair);
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  const { toServer, toClient } = makeLanes(client, upstream, state.weather);
  const pair: Pair = { toServer, toClient, reset };
  state.pairs.add(pair);
  const carry = (lane: Lane, other: Lane) => (chunk: Buffer) => {
    const { way } = lane;
    for (const spring of state.traps) spring(lane, other, chunk, reset);
    state.carried[way] += chunk.length;
    const cut = state.cut;
    if (cut?.way === way && cut.bytes <= chunk.length) {
      state.cut = null;
      lane.take(chunk.subarray(0, cut.bytes));
      lane.whenSent(reset);
      return;
    }
    if (cut?.way === way) cut.bytes -= chunk.length;
    lane.take(chunk);
  };
  client.on('data', carry(toServer, toClient));
  upstream.on('data', carry(toClient, toServer));
  for (const socket of [client, upstream]) {
    socket.on('error', () => {});
    socket.on('close', () => {
      const [own, far] = socket === client ? [toServer, upstream] : [toClient, client];
      // Through a frozen way nobody learns that the other end has gone.
      own.whenThawed(() => {
        state.pairs.delete(pair);
        far.destroy();
      });
    });
  }
  client.on('end', () => toServer.end());
  upstream.on('end', () => toClient.end());
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return address.port;
}

function throughPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = `${port}`;
  changed.hostname = '127.0.0.1';
  return changed.href;
}
