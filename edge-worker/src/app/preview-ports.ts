import type { Unavailable } from './ports.ts';

/** `json` as the queue service wrote it. */
export type PreviewAnswer = { kind: 'found'; json: string } | { kind: 'unknown' } | Unavailable;

/** Nothing here throws. */
export type PreviewGateways = { preview(id: string): Promise<PreviewAnswer> };
