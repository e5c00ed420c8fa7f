import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import type { z } from 'zod';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import type { ControlClient } from './control-client.ts';
import type { EdgeClient } from './edge-client.ts';
import { answered } from './http.ts';
import { waitFor } from './wait.ts';

/** As everybody reads it. */
export type Report = z.infer<typeof fairnessSchema>;

export async function publicReport(edge: EdgeClient, saleId: string): Promise<Report> {
  return answered(await edge.raw(`/api/sales/${saleId}/fairness`), 200, fairnessSchema);
}

export async function adminReport(control: ControlClient, saleId: string): Promise<Report> {
  return answered(await control.raw(`/v1/sales/${saleId}/fairness`), 200, fairnessSchema);
}

/** Once the log is drained and audited to its end, and says what is waited for. */
export async function settledReport(
  edge: EdgeClient,
  saleId: string,
  isThere: (report: Report) => boolean,
): Promise<Report> {
  return await waitFor('the log telling of it', 20, async () => {
    const report = await publicReport(edge, saleId);
    return report.logSeq > 0 && report.auditedSeq === report.logSeq && isThere(report) && report;
  });
}

export type Verdict = { code: number | null; output: string };

/** `npm run verify-log` or `verify-draw`, as anybody runs it. */
export async function runVerifier(what: 'log' | 'draw', ...args: string[]): Promise<Verdict> {
  const child = spawn('npm', ['run', '--silent', `verify-${what}`, '--', ...args], {
    cwd: repositoryFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output };
}

export type Change = (path: string, text: string) => string;

/** An edge that shows something else than ours does: what `change` makes of each answer. */
export async function startForger(edgeUrl: string, change: Change) {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    fetch(`${edgeUrl}${path}`).then(
      async (answer) => {
        response.statusCode = answer.status;
        response.end(change(path, await answer.text()));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
