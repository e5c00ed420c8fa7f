import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Readers see the old text or the new one, never half of it, also after a power cut. The mode is set
 * before the text is there.
 */
export function writeFileAtomically(file: string, text: string, mode = 0o644): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(draft, 'w', mode);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
