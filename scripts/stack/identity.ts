import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process for good: its number is given to others after its end, its moment of birth is not. */
export type ProcessIdentity = { pid: number; bornAt: string };

/** The identity of a process that runs now, or undefined where there is none of that number. */
export function identify(pid: number): ProcessIdentity | undefined {
  const bornAt = process.platform === 'linux' ? birthOnLinux(pid) : birthByPs(pid);
  return bornAt === undefined ? undefined : { pid, bornAt };
}

/** True while that very process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.bornAt === identity.bornAt;
}

/** proc(5): field 3 is the state, field 22 the start in clock ticks since boot. */
function birthOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isZombie = fields[0] === 'Z' || fields[0] === 'X';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return isZombie ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function birthByPs(pid: number): string | undefined {
  try {
    const args = ['-o', 'lstart=', '-p', `${pid}`];
    const born = execFileSync('ps', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return born.trim() || undefined;
  } catch {
    return undefined;
  }
}
