import { expect, test } from 'vitest';
import { type Dataset, pointsTo, pollsPerPoint } from './points.ts';

const saleId = 'sale_01m87r1ep7es0d822hrf368tc3';
type Point = Parameters<Dataset['writeDataPoint']>[0];

test('one poll in a hundred is told, and stands for a hundred', () => {
  const told: Point[] = [];
  let turn = 0;
  // Each hundredth from 0 to 1, as often as another.
  const random = () => (turn++ % pollsPerPoint) / pollsPerPoint;
  const points = pointsTo({ writeDataPoint: (point) => told.push(point) }, random);
  for (let i = 0; i < 5 * pollsPerPoint; i += 1) points.polled(saleId, 'main', 'waiting');
  const point = { indexes: [saleId], blobs: ['poll', 'waiting', 'main'], doubles: [pollsPerPoint] };
  expect(told).toEqual(Array.from({ length: 5 }, () => point));
});

test('a dataset that fails, and one that is not bound, are noticed by nobody', () => {
  const failing = {
    writeDataPoint() {
      throw new Error('too many data points');
    },
  };
  for (const points of [pointsTo(failing, () => 0), pointsTo(undefined, () => 0)]) {
    points.joined(saleId, 'main', true);
    points.tokenTaken(saleId, 'main');
    points.refused('', 'not-found');
    points.viewed('', 'catalogue');
    points.polled(saleId, 'main', 'waiting');
  }
});
