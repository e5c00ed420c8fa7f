import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import type { ConsoleFile, ConsoleFiles } from '../app/console-ports.ts';

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The console as Vite built it, read once; null where it was not built. */
export function consoleFiles(folder: string): ConsoleFiles | null {
  const files = new Map<string, ConsoleFile>();
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const name of names) {
      const type = types[name.split('.').at(-1) ?? ''];
      if (type === undefined) continue;
      const at = join(folder, name);
      files.set(name.replaceAll(sep, posix.sep), {
        type,
        plain: readFileSync(at),
        // Compressed by the build.
        gzip: readFileSync(`${at}.gz`),
        brotli: readFileSync(`${at}.br`),
      });
    }
  } catch {
    return null;
  }
  return files.has('index.html') ? files : null;
}
