import { readFileSync } from 'node:fs';

/** Clock ticks a second that Linux counts processes' time in (USER_HZ, the same on every machine). */
const ticksPerSecond = 100;

/**
 * What a process has used of the processors so far, in µs; NaN where there is no /proc. Others on
 * the machine stretch the time of a load, but hardly this.
 */
export function processorMicroseconds(pid: number): number {
  try {
    // After the name in brackets: state is field 3, utime and stime are 14 and 15 (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
  } catch {
    return Number.NaN;
  }
}
