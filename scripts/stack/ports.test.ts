import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { checkPorts, planPorts, portSpan } from './ports.ts';

test('every part has a port of its own within the span', () => {
  const ports = Object.values(planPorts(9_000));
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.min(...ports)).toBe(9_000);
  expect(Math.max(...ports)).toBeLessThanOrEqual(9_000 + portSpan);
});

test('the public addresses of the contract', () => {
  expect(planPorts(8_787)).toMatchObject({
    edge: 8_787,
    balancer: 8_788,
    'queue-service': 8_789,
    mailbox: 8_790,
  });
});

test('a port in use is named, with its part and the way to change it', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const plan = { ...planPorts(9_000), redis: port };
  const refused = checkPorts(plan, ['redis']);
  await expect(refused).rejects.toThrow(`Port ${port} (for redis) is in use`);
  await expect(refused).rejects.toThrow('FAIRGATE_PORT_BASE');
});
