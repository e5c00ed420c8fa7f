import { isPreviewId, type Preview, previewSchema } from '@fairgate/shared/preview/preview.ts';
import type { Unavailable } from './ports.ts';
import type { PreviewGateways } from './preview-ports.ts';

export type PreviewOutcome =
  | { kind: 'preview'; preview: Preview }
  /** There never was one, or its time is over. */
  | { kind: 'unknown' }
  | Unavailable;

export type Previews = { find(id: string): Promise<PreviewOutcome> };

/** Sales as their admins look at them beforehand. Read anew each time: only admins ask. */
export function previews(gateways: PreviewGateways): Previews {
  return {
    async find(id) {
      if (!isPreviewId(id)) return { kind: 'unknown' };
      const answer = await gateways.preview(id);
      if (answer.kind !== 'found') return answer;
      return { kind: 'preview', preview: previewSchema.parse(JSON.parse(answer.json)) };
    },
  };
}
