import { join } from 'node:path';
import { messageOf, SetupError } from '../setup-error.ts';
import { sendSignal } from './lock.ts';
import {
  logTail,
  type ProcessSpec,
  type Started,
  startProcess,
  untilReady,
} from './managed-process.ts';

export type SupervisorOptions = {
  logFolder: string;
  /** The folder that processes run in. */
  cwd: string;
  onLine(line: string): void;
  /** Called whenever a process got another pid. */
  onChange(): void;
};

export type RunningProcess = { name: string; pid: number; url?: string };

type Entry = { spec: ProcessSpec; started: Started; restarts: number };

const readySecondsMax = 60;
/** Asked in an orderly way first; what is still there afterwards is killed. */
const orderlyStopMs = 4_000;
/** A process that lived this long did not die of how it was started. */
const steadyMs = 10_000;
const restartDelayFirstMs = 100;
/** Always under the 2 s within which a supervisor has to restart; a storm stays slow. */
const restartDelayMaxMs = 1_500;

/** Starts processes, restarts those that die, and stops them all. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Every process that was started, with the pid that it has now. */
  get processes(): RunningProcess[] {
    return [...this.#entries.values()].map(({ spec, started }) => ({
      name: spec.name,
      pid: started.child.pid ?? 0,
      ...(spec.url === undefined ? {} : { url: spec.url }),
    }));
  }

  /** Starts a process and waits until it is ready. Rejects with a SetupError and its last words. */
  async start(spec: ProcessSpec): Promise<void> {
    if (this.#isStopping) throw new SetupError('The stack is stopping.');
    await spec.beforeStart?.();
    // It may have taken a while: a stop that began meanwhile would never know of the process.
    if (this.#isStopping) throw new SetupError('The stack is stopping.');
    // Known from its first moment, so that a stop during the start ends it too.
    const entry = { spec, started: this.#spawn(spec), restarts: 0 };
    this.#entries.set(spec.name, entry);
    this.#options.onChange();
    const outcome = await untilReady(spec, entry.started, readySecondsMax);
    if (this.#isStopping) throw new SetupError('The stack is stopping.');
    if (outcome !== 'ready') throw await this.#failure(entry, outcome);
    this.#watch(entry);
  }

  /** Stops the named processes, all at once; without names, every one. Each is gone afterwards. */
  async stop(names: string[] = [...this.#entries.keys()]): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const entries = names.flatMap((name) => this.#entries.get(name) ?? []);
    await Promise.all(entries.map(({ spec, started }) => end(started, spec.stopSignal)));
    for (const name of names) this.#entries.delete(name);
  }

  #spawn(spec: ProcessSpec): Started {
    return startProcess(spec, this.#logFile(spec.name), this.#options.cwd);
  }

  async #failure({ spec, started }: Entry, outcome: 'exited' | 'late'): Promise<SetupError> {
    const late = `no answer within ${readySecondsMax} s`;
    const how = outcome === 'late' ? late : await started.exited;
    const log = this.#logFile(spec.name);
    return new SetupError(`${spec.name} did not start (${how}). From ${log}:\n${logTail(log)}`);
  }

  #watch(entry: Entry): void {
    void entry.started.exited.then((how) => {
      if (this.#isStopping) return;
      // What it left behind would hold its port.
      endGroup(entry.started);
      const lived = Date.now() - entry.started.startedAtMs;
      entry.restarts = lived > steadyMs ? 0 : entry.restarts + 1;
      this.#report(entry, how);
      const delayMs = restartDelayFirstMs * 2 ** Math.max(0, entry.restarts - 1);
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          void this.#restart(entry);
        },
        Math.min(delayMs, restartDelayMaxMs),
      );
      this.#timers.add(timer);
    });
  }

  async #restart(entry: Entry): Promise<void> {
    const { spec } = entry;
    try {
      await spec.beforeStart?.();
    } catch (error) {
      this.#options.onLine(`${spec.name}: ${messageOf(error)}`);
    }
    if (this.#isStopping) return;
    entry.started = this.#spawn(spec);
    this.#options.onChange();
    this.#watch(entry);
  }

  /** Says each of the first deaths in a row, and then every twentieth. */
  #report(entry: Entry, how: string): void {
    const { spec, started, restarts } = entry;
    if (restarts > 5 && restarts % 20 !== 0) return;
    const again =
      restarts > 1 ? `, ${restarts} times in a row; see ${this.#logFile(spec.name)}` : '';
    this.#options.onLine(
      `${spec.name} (process ${started.child.pid}) ended: ${how}${again}; restarting`,
    );
  }

  #logFile(name: string): string {
    return join(this.#options.logFolder, `${name}.log`);
  }
}

async function end(started: Started, signal: NodeJS.Signals): Promise<void> {
  const pid = started.child.pid;
  if (started.hasExited() || pid === undefined) return;
  sendSignal(pid, signal);
  const force = setTimeout(() => endGroup(started), orderlyStopMs);
  await started.exited;
  clearTimeout(force);
  endGroup(started);
}

/** Each process leads a group of its own (it is started detached), which its children share. */
function endGroup({ child }: Started): void {
  if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
}
