/** What the benchmarks use of autocannon, which ships no types. */
declare module 'autocannon' {
  type Request = { method?: string; path?: string; headers?: Record<string, string> };
  type Client = {
    setRequests(requests: Request[]): void;
    on(event: 'response', listener: () => void): void;
  };
  export type Options = {
    url: string;
    connections: number;
    duration: number;
    requests?: Request[];
    /** Requests a second, of all connections together. */
    overallRate?: number;
    setupClient?(client: Client): void;
  };
  export type Result = {
    requests: { average: number; total: number };
    latency: { p50: number; p99: number };
    non2xx: number;
    errors: number;
  };
  /** A load under way, which can be ended before its time. */
  export type Load = { stop(): void };
  function autocannon(options: Options): Promise<Result>;
  function autocannon(options: Options, done: (error: unknown, result: Result) => void): Load;
  export default autocannon;
}
