import { readdirSync, readFileSync } from 'node:fs';

/**
 * Stops a process with all that it has started, as a machine that hangs would: its connections stay,
 * and nothing comes over them. Returns what lets it go on.
 */
export function freeze(pid: number): () => void {
  const frozen: number[] = [];
  const stop = (one: number) => {
    process.kill(one, 'SIGSTOP');
    frozen.push(one);
    for (const child of childrenOf(one)) stop(child);
  };
  stop(pid);
  return () => {
    // Whoever would bury a child that has died is woken after it.
    for (const one of frozen.splice(0).reverse()) process.kill(one, 'SIGCONT');
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

/** The fourth field of proc(5) stat; the second, in brackets, may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it is gone
  }
}
