import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the client is under 8 KB compressed, and needs no library and nothing of node', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL('./client.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    // No platform: an import of node's would be an error.
    platform: 'neutral',
    metafile: true,
    write: false,
  });
  const inputs = Object.keys(metafile.inputs).filter((file) => !file.includes('/src/client/'));
  expect(inputs).toEqual(['shared/src/problem.ts']);
  expect(gzipSync(outputFiles[0]!.contents).length).toBeLessThan(8_000);
});
