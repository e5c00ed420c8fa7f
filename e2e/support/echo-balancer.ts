import { type Balancer, startBalancer } from './balancer.ts';
import { type EchoUpstream, type Seen, startEchoUpstream } from './echo-upstream.ts';

/** The real nginx before two upstreams of the test. Whoever starts it stops it. */
export type EchoBalancer = {
  one: EchoUpstream;
  two: EchoUpstream;
  balancer: Balancer;
  /** What reached both. */
  seen(): Seen[];
  /** Nothing was seen, and both answer. */
  reset(): void;
  /** Ended with it. */
  ends: (() => Promise<void>)[];
  stop(): Promise<void>;
};

export async function startEchoBalancer(): Promise<EchoBalancer> {
  const [one, two] = await Promise.all([startEchoUpstream(), startEchoUpstream()]);
  const balancer = await startBalancer({ upstreams: [one.host, two.host] });
  const ends = [balancer.stop, one.stop, two.stop];
  return {
    one,
    two,
    balancer,
    seen: () => [...one.seen, ...two.seen],
    reset() {
      for (const upstream of [one, two]) {
        upstream.seen.length = 0;
        upstream.behaviour = 'answers';
      }
    },
    ends,
    async stop() {
      for (const end of ends) await end();
    },
  };
}
