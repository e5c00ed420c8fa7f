import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const folder = dirname(fileURLToPath(import.meta.url));
const built = join(folder, 'dist', 'console');

/** Text gets its gzip and brotli once, here, so that serving it costs no time. */
const precompressed: Plugin = {
  name: 'precompressed',
  apply: 'build',
  closeBundle() {
    const files = readdirSync(built, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /\.(js|css|html|svg)$/.test(name))) {
      const text = readFileSync(join(built, file));
      writeFileSync(join(built, `${file}.gz`), gzipSync(text, { level: 9 }));
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
      writeFileSync(join(built, `${file}.br`), brotliCompressSync(text, { params }));
    }
  },
};

/** The admin console: `vite build --config queue-service/vite.config.ts`. */
export default defineConfig({
  root: join(folder, 'src', 'console'),
  base: '/console/',
  publicDir: false,
  logLevel: 'warn',
  plugins: [precompressed],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: built,
    emptyOutDir: true,
    target: 'es2022',
    // Data URLs would need another policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
