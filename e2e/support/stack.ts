import { dirname, join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { inject } from 'vitest';
import { readStackInfo, type StackInfo } from '../../scripts/stack/info.ts';
import { httpAnswers } from '../../scripts/stack/probe.ts';
import { type CheckoutClient, checkoutClient } from './checkout-client.ts';
import { type ControlClient, controlClient } from './control-client.ts';
import { type EdgeClient, edgeClient } from './edge-client.ts';
import { call } from './http.ts';
import { type Holdings, unitsAddUp } from './invariants.ts';
import { waitFor } from './wait.ts';

export type Instance = 'checkout-1' | 'checkout-2';

/** The stack that the tests share, with a client of each part. Tests run one file at a time. */
export type SharedStack = {
  /** As stack.json has it now: a process that was killed has another pid afterwards. */
  info(): StackInfo;
  infoFile: string;
  logFolder: string;
  edge: EdgeClient;
  control: ControlClient;
  /** Shopper's way: through the edge. */
  checkout: CheckoutClient;
  /** Straight to one instance. */
  instances: readonly [CheckoutClient, CheckoutClient];
  sql: Sql;
  /** See `unitsAddUp`. */
  addsUp(sale: { saleId: string; units: number }): Promise<Holdings>;
  /** SIGKILL, as an out-of-memory killer would. */
  kill(name: string): void;
  /** Waits until every part answers, killed ones with another pid than `before`. */
  whole(): Promise<void>;
  close(): Promise<void>;
};

/** The shared stack, started by whoever asks first (see shared-stack-setup.ts). */
export async function sharedStack(): Promise<SharedStack> {
  const answer = await call(inject('sharedStackUrl'), { timeoutMs: 170_000 });
  if (answer.status !== 200) throw new Error(`The stack did not start: ${answer.text}`);
  return stackClients(answer.text);
}

/** Clients of a stack that runs, by the path of its stack.json. */
export function stackClients(infoFile: string): SharedStack {
  const info = () => readStackInfo(infoFile);
  const now = info();
  const sql = postgres(now.databaseUrl, { max: 3, onnotice: () => {} });
  const killed = new Map<string, number>();
  return {
    info,
    infoFile,
    logFolder: join(dirname(infoFile), 'logs'),
    edge: edgeClient(now.edgeUrl),
    control: controlClient(now.controlUrl, now.adminKey),
    checkout: checkoutClient(now.edgeUrl),
    instances: [checkoutClient(urlOf(now, 'checkout-1')), checkoutClient(urlOf(now, 'checkout-2'))],
    sql,
    addsUp: ({ saleId, units }) => unitsAddUp(sql, saleId, units),
    kill(name) {
      const { pid } = processOf(info(), name);
      killed.set(name, pid);
      process.kill(pid, 'SIGKILL');
    },
    whole: () => untilWhole(info, killed),
    close: () => sql.end({ timeout: 2 }),
  };
}

async function untilWhole(info: () => StackInfo, killed: Map<string, number>): Promise<void> {
  await waitFor('the killed processes being restarted', 60, () =>
    [...killed].every(([name, pid]) => processOf(info(), name).pid !== pid),
  );
  killed.clear();
  const now = info();
  const checks = [
    `${now.edgeUrl}/healthz`,
    `${now.controlUrl}/readyz`,
    `${urlOf(now, 'checkout-1')}/readyz`,
    `${urlOf(now, 'checkout-2')}/readyz`,
  ];
  for (const url of checks) await waitFor(`${url} answering`, 60, () => httpAnswers(url));
}

function processOf(info: StackInfo, name: string): StackInfo['processes'][number] {
  const found = info.processes.find((process) => process.name === name);
  if (found === undefined) throw new Error(`stack.json names no process ${name}`);
  return found;
}

/** The address of a process that serves HTTP. */
export function urlOf(info: StackInfo, name: string): string {
  const { url } = processOf(info, name);
  if (url === undefined) throw new Error(`stack.json has no url for ${name}`);
  return url;
}
