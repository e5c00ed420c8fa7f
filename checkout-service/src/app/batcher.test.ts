import { describe, expect, it } from 'vitest';
import { stillTimers } from '../testing/still-timers.ts';
import { type BatcherOptions, makeBatcher, type Submitted } from './batcher.ts';

type Req = { id: string; key: string; weight?: number };
const request = (id: string, key = id, weight = 1): Req => ({ id, key, weight });
const settled = () => new Promise((resolve) => setImmediate(resolve));

function rig(options: Partial<BatcherOptions<Req, string>> = {}) {
  const timers = stillTimers();
  const batches: string[][] = [];
  const ends: (() => void)[] = [];
  const batcher = makeBatcher<Req, string>({
    async run(batch) {
      batches.push(batch.map((one) => one.id));
      await new Promise<void>((resolve) => ends.push(resolve));
      return batch.map((one) => `done ${one.id}`);
    },
    keysOf: (one) => one.key.split('+'),
    weightOf: (one) => one.weight ?? 1,
    sizeMax: 4,
    weightMax: 10,
    queueMax: 6,
    lanes: 2,
    lingerMs: 2,
    waitMsMax: 1_000,
    timers,
    ...options,
  });
  const submit = (one: Req, signal?: AbortSignal): Promise<Submitted<string>> =>
    batcher.submit(one, signal);
  return { timers, batches, ends, batcher, submit };
}

describe('the batcher', () => {
  it('waits a little for company, then answers each by its place', async () => {
    const { timers, batches, ends, submit } = rig();
    const answers = [submit(request('a')), submit(request('b'))];
    expect(batches).toEqual([]);
    timers.pass(2);
    expect(batches).toEqual([['a', 'b']]);
    ends[0]?.();
    expect(await Promise.all(answers)).toEqual([
      { kind: 'answered', value: 'done a' },
      { kind: 'answered', value: 'done b' },
    ]);
  });

  it('starts at once when a batch is full, and bounds size and weight', () => {
    const { timers, batches, submit } = rig();
    for (const id of ['a', 'b', 'c', 'd', 'e']) void submit(request(id));
    expect(batches).toEqual([['a', 'b', 'c', 'd']]);
    void submit(request('heavy', 'heavy', 10));
    timers.pass(2);
    expect(batches[1]).toEqual(['e']);
  });

  it('has no more batches under way than lanes; the next forms meanwhile', async () => {
    const { timers, batches, ends, submit } = rig({ lanes: 1 });
    void submit(request('a'));
    timers.pass(2);
    void submit(request('b'));
    void submit(request('c'));
    timers.pass(50);
    expect(batches).toEqual([['a']]);
    ends[0]?.();
    await settled();
    expect(batches).toEqual([['a'], ['b', 'c']]);
  });

  it('never has one key under way twice, in a batch or beside it', async () => {
    const { timers, batches, ends, submit } = rig();
    void submit(request('first', 'same'));
    void submit(request('second', 'same'));
    void submit(request('other'));
    timers.pass(2);
    timers.pass(2);
    expect(batches).toEqual([['first', 'other']]);
    ends[0]?.();
    await settled();
    expect(batches).toEqual([['first', 'other'], ['second']]);
  });

  it('never has two under way that share one of several keys', async () => {
    const { timers, batches, ends, submit } = rig();
    void submit(request('first', 'token-1+buyer'));
    void submit(request('second', 'token-2+buyer'));
    void submit(request('third', 'token-2+another'));
    timers.pass(2);
    expect(batches).toEqual([['first', 'third']]);
    ends[0]?.();
    await settled();
    expect(batches[1]).toEqual(['second']);
  });

  it('refuses early when the queue is full', async () => {
    const { submit, batcher } = rig({ sizeMax: 100 });
    for (let i = 0; i < 6; i += 1) void submit(request(`${i}`));
    expect(batcher.depth().waiting).toBe(6);
    expect(await submit(request('late'))).toEqual({ kind: 'overloaded' });
  });

  it('answers what waited too long when its time is over, though every lane hangs', async () => {
    const { timers, batches, submit, batcher } = rig({ lanes: 1 });
    void submit(request('hangs'));
    timers.pass(2);
    const late = submit(request('late'));
    timers.pass(900);
    void submit(request('fresh'));
    timers.pass(101);
    expect(await late).toEqual({ kind: 'too-late' });
    expect(batcher.depth().waiting).toBe(1);
    expect(batches).toEqual([['hangs']]);
    timers.pass(900);
    expect(batcher.depth().waiting).toBe(0);
  });

  it('drops what its client has left, and what waited too long', async () => {
    const { timers, batches, ends, submit } = rig({ lanes: 1 });
    void submit(request('a'));
    timers.pass(2);
    const gone = new AbortController();
    const left = submit(request('left'), gone.signal);
    const late = submit(request('late'));
    gone.abort();
    timers.pass(1_001);
    const fresh = submit(request('fresh'));
    ends[0]?.();
    expect(await left).toEqual({ kind: 'gone' });
    expect(await late).toEqual({ kind: 'too-late' });
    await settled();
    expect(batches).toEqual([['a'], ['fresh']]);
    ends[1]?.();
    expect(await fresh).toMatchObject({ kind: 'answered' });
  });
});
