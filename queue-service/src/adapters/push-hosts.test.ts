import { describe, expect, it, vi } from 'vitest';
import { pushHosts } from './push-hosts.ts';

const hanging = () => new Promise<never>(() => {});
const failing = () => Promise.reject(new Error('away'));

describe('a push service', () => {
  it('that hangs keeps no more than its share of the workers, and those of another none', async () => {
    const call = pushHosts();
    const started = Array.from({ length: 40 }, () => call('slow.example', hanging));
    let putOff = 0;
    for (const one of started) {
      one.catch((error: Error) => {
        putOff += error.name === 'PushPutOff' ? 1 : 0;
      });
    }
    expect(await call('quick.example', async () => 'sent')).toBe('sent');
    await expect(call('slow.example', hanging)).rejects.toThrow('enough to do');
    await vi.waitFor(() => expect(putOff).toBe(10));
    let calls = 0;
    const later = call('slow.example', async () => {
      calls += 1;
    });
    await expect(later).rejects.toMatchObject({ name: 'PushPutOff' });
    expect(calls).toBe(0);
  });

  it('that fails time and again is not called for a while, and another one is', async () => {
    const call = pushHosts();
    for (let i = 0; i < 9; i += 1) {
      await expect(call('away.example', failing)).rejects.toThrow(i < 8 ? 'away' : 'in peace');
    }
    let calls = 0;
    const one = async () => {
      calls += 1;
    };
    await expect(call('away.example', one)).rejects.toMatchObject({ afterMs: 15_000 });
    expect(calls).toBe(0);
    await call('here.example', one);
    expect(calls).toBe(1);
  });

  it('that is quick takes all that wait, however many at once', async () => {
    const call = pushHosts();
    const quick = () => new Promise<string>((resolve) => setImmediate(() => resolve('sent')));
    const all = Array.from({ length: 300 }, () => call('quick.example', quick));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['sent']));
  });
});
