import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

type Connector = NonNullable<RedisOptions['Connector']>;
type Stream = Awaited<ReturnType<InstanceType<Connector>['connect']>>;

const portDefault = 6379;
/** A server that is given up need not answer to be hung up on. */
const disconnectMsMax = 200;

/**
 * Goes through the nodes of a failover, one at each attempt, until one says that it is the primary:
 * after a promotion that is another one than before. Who promotes is not ours: Sentinel, a managed
 * service, an operator. With one node there is no choice, and a replica refuses writes itself.
 */
export function failoverConnector(urls: readonly [string, ...string[]]): Connector {
  let turn = 0;
  return class extends AbstractConnector {
    constructor() {
      super(disconnectMsMax);
    }

    /** `info` is the server's own, or empty where it may not be asked. */
    override check(info: { role?: string }): boolean {
      return urls.length === 1 || info.role === undefined || info.role === 'master';
    }

    async connect(): Promise<Stream> {
      this.connecting = true;
      const url = new URL(urls[turn % urls.length] ?? urls[0]);
      turn += 1;
      // As ioredis' own connectors do: whoever disconnects at once is not connected.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (!this.connecting) throw new Error('Connection is closed.');
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const where = { host, port: Number(url.port || portDefault) };
      const stream = url.protocol === 'rediss:' ? connectTls(where) : connectPlain(where);
      this.stream = stream;
      stream.once('error', (error) => {
        this.firstError = error;
      });
      return stream;
    }
  };
}
