import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { expect, it } from 'vitest';
import { defaults } from '../console/api/defaults.ts';

it('the wizard begins with what the API would take where nothing is sent', () => {
  expect(defaults).toEqual(roomSettingsDefaults);
});
