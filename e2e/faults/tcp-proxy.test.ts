import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { holdsFor, waitFor } from '../support/wait.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

type Peer = { socket: Socket; text(): string; closed(): boolean; errors: string[] };

/** An echo server behind a proxy; what the server has heard; clients of the proxy. */
async function echo() {
  let heard = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const proxy = await startTcpProxy(address.port);
  onTestFinished(async () => {
    await proxy.stop();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { proxy, heard: () => heard, atServer: () => sockets.size, dial: () => dial(proxy) };
}

function dial(proxy: TcpProxy): Peer {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  let closed = false;
  const errors: string[] = [];
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
  socket.on('close', () => {
    closed = true;
  });
  onTestFinished(() => void socket.destroy());
  return { socket, text: () => text, closed: () => closed, errors };
}

const says = (peer: Peer, text: string) =>
  waitFor(`hearing ${text}`, 2, () => peer.text() === text);

test('a proxy without faults carries both ways, ends included, and counts connections', async () => {
  const { proxy, dial, atServer } = await echo();
  const recorded = proxy.record('to-server');
  const one = dial();
  one.socket.write('hello');
  await says(one, 'hello');
  expect(recorded()).toBe('hello');
  const two = dial();
  two.socket.write('x');
  await says(two, 'x');
  expect(proxy.count()).toMatchObject({ opened: 2, live: 2 });
  expect(proxy.count().carried).toEqual({ 'to-server': 6, 'to-client': 6 });
  one.socket.end();
  await waitFor('the end', 2, () => one.closed() && proxy.count().live === 1 && atServer() === 1);
});

test('dropped replies are gone for good; what was asked has arrived', async () => {
  const { proxy, dial, heard } = await echo();
  const peer = dial();
  proxy.dropReplies(true);
  peer.socket.write('one');
  await waitFor('one arriving', 2, () => heard() === 'one');
  await holdsFor(0.1, async () => expect(peer.text()).toBe(''));
  proxy.dropReplies(false);
  peer.socket.write('two');
  await says(peer, 'two');
});

test('a frozen way carries nothing and tells nobody; thawed, all comes in order', async () => {
  const { proxy, dial, heard, atServer } = await echo();
  const peer = dial();
  const leaving = dial();
  leaving.socket.write('.');
  await says(leaving, '.');
  proxy.freeze('to-server');
  peer.socket.write('a');
  peer.socket.write('b');
  leaving.socket.destroy();
  await holdsFor(0.1, async () => expect([heard(), atServer()]).toEqual(['.', 2]));
  proxy.thaw();
  await says(peer, 'ab');
  await waitFor('the other one gone', 2, () => atServer() === 1);
  proxy.freeze('to-client');
  peer.socket.write('c');
  await waitFor('c arriving', 2, () => heard() === '.abc');
  await holdsFor(0.1, async () => expect(peer.text()).toBe('ab'));
  proxy.thaw();
  await says(peer, 'abc');
});

test('connections are reset, and refused, and made again', async () => {
  const { proxy, dial, atServer } = await echo();
  const peer = dial();
  peer.socket.write('x');
  await says(peer, 'x');
  proxy.reset();
  await waitFor('the reset', 2, () => peer.closed() && atServer() === 0);
  expect(peer.errors).toEqual(['ECONNRESET']);
  proxy.refuse(true);
  const refused = dial();
  await waitFor('the refusal', 2, () => refused.closed());
  proxy.refuse(false);
  const again = dial();
  again.socket.write('y');
  await says(again, 'y');
  expect(proxy.count()).toMatchObject({ opened: 3, live: 1 });
});

test('latency delays every byte', async () => {
  const { proxy, dial } = await echo();
  const peer = dial();
  proxy.latency(60);
  const begun = performance.now();
  peer.socket.write('slow');
  await says(peer, 'slow');
  expect(performance.now() - begun).toBeGreaterThan(115);
});

test('a connection is cut after so many bytes, which do arrive', async () => {
  const { proxy, dial, heard } = await echo();
  proxy.cutAfter(4, 'to-server');
  const peer = dial();
  peer.socket.write('ab');
  await waitFor('ab arriving', 2, () => heard() === 'ab');
  peer.socket.write('cdef');
  await waitFor('the cut', 2, () => peer.closed());
  await waitFor('all of them', 2, () => heard() === 'abcd');
});

test('mended, no fault is left: a cut that was still to come neither', async () => {
  const { proxy, dial, heard } = await echo();
  proxy.cutAfter(4, 'to-server');
  proxy.freeze('to-server');
  proxy.refuse(true);
  proxy.mend();
  const peer = dial();
  peer.socket.write('abcdef');
  await waitFor('all of them', 2, () => heard() === 'abcdef');
  await says(peer, 'abcdef');
  expect(peer.closed()).toBe(false);
});

test('a trap holds the question, or its answer, of one connection alone', async () => {
  const { proxy, dial, heard } = await echo();
  const question = proxy.trap({ on: 'to-server', bytes: 'COMMIT', hold: 'to-server' });
  const peer = dial();
  peer.socket.write('.');
  await says(peer, '.');
  peer.socket.write('COM');
  await says(peer, '.COM');
  expect(question.sprung()).toBe(false);
  peer.socket.write('MIT');
  await question.caught;
  const other = dial();
  other.socket.write('COMMIT');
  await says(other, 'COMMIT');
  expect(peer.text()).toBe('.COM');
  question.release();
  await says(peer, '.COMMIT');

  const answer = proxy.trap({ on: 'to-server', bytes: 'pay', hold: 'to-client' });
  const before = heard();
  peer.socket.write('pay');
  await answer.caught;
  await waitFor('the question arriving', 2, () => heard() === `${before}pay`);
  await holdsFor(0.1, async () => expect(peer.text()).toBe('.COMMIT'));
  answer.reset();
  await waitFor('the reset', 2, () => peer.closed());
  expect(peer.text()).toBe('.COMMIT');
});

test('whoever is trapped and dies is missed at the other end', async () => {
  const { proxy, dial, heard, atServer } = await echo();
  const trap = proxy.trap({ on: 'to-server', bytes: 'never', hold: 'to-server' });
  const peer = dial();
  peer.socket.write('never');
  await trap.caught;
  peer.socket.destroy();
  await waitFor('the end at the server', 2, () => atServer() === 0 && proxy.count().live === 0);
  expect(heard()).toBe('');
});
