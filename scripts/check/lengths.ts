export type LongFile = { file: string; detail: string };

/** Past this a file is two things (STYLE: files aim at 150 lines). */
const linesMax = 300;
/** Biome keeps the width of what it formats; Lua is formatted by hand. */
const columnsMax = 100;

/** drizzle-kit writes these; nobody reads them as code. */
const generated = /^shared\/src\/db\/migrations\/|\.d\.ts$/;

/** Too many lines in a file, or too many columns in a Lua script. Functions are Biome's to count. */
export function lengthViolations(file: string, text: string): LongFile[] {
  if (generated.test(file)) return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const found: LongFile[] = [];
  if (lines.length > linesMax) {
    found.push({ file, detail: `${lines.length} lines, and ${linesMax} is the most` });
  }
  if (!file.endsWith('.lua')) return found;
  lines.forEach((line, index) => {
    if (line.length <= columnsMax) return;
    found.push({ file, detail: `line ${index + 1} has ${line.length} columns` });
  });
  return found;
}
