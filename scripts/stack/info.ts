import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from './atomic-file.ts';

const processSchema = z.object({
  name: z.string(),
  pid: z.number().int(),
  url: z.string().optional(),
});

const stackInfoSchema = z.object({
  edgeUrl: z.string(),
  checkoutUrl: z.string(),
  controlUrl: z.string(),
  mailUrl: z.string(),
  adminKey: z.string(),
  redisUrl: z.string(),
  databaseUrl: z.string(),
  processes: z.array(processSchema),
});

/** What stack.json says (CONTRACT.md section 2). */
export type StackInfo = z.infer<typeof stackInfoSchema>;

export function readStackInfo(file: string): StackInfo {
  return stackInfoSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Only the owner may read it: it holds the admin key and the database's password. */
export function writeStackInfo(file: string, info: StackInfo): void {
  writeFileAtomically(file, `${JSON.stringify(info, null, 2)}\n`, 0o600);
}

export function removeStackInfo(file: string): void {
  rmSync(file, { force: true });
}
