import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isId, newId } from './ids.ts';
import { parseSettings, SettingsError } from './settings.ts';

describe('settings', () => {
  it('report all mistakes together, by name, without their values', () => {
    const schema = z.object({
      FAIRGATE_PORT: z.coerce.number().int().min(1),
      FAIRGATE_SECRET: z.string().min(32),
    });
    const parse = () => parseSettings(schema, { FAIRGATE_PORT: 'x', FAIRGATE_SECRET: 'short' });
    expect(parse).toThrow(SettingsError);
    expect(parse).toThrow(/FAIRGATE_PORT[\s\S]*FAIRGATE_SECRET/);
    expect(parse).not.toThrow(/short/);
  });
});

describe('ids', () => {
  it('sort by the time they were made, and know their own form', () => {
    const ids = [1, 1_000, 1_700_000_000_000, 1_700_000_000_001].map((ms) => newId('ord', ms));
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => isId('ord', id))).toBe(true);
    expect(isId('ord', newId('sale'))).toBe(false);
    expect(isId('ord', 'ord_../../etc/passwd')).toBe(false);
  });
});
