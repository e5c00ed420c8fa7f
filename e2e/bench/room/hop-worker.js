// Beside the edge in `npm run bench:room`: the same hop to a Durable Object, chosen by a new visitor's
// id, which does nothing; the answer is fixed.
import { DurableObject } from 'cloudflare:workers';

export class Gateway extends DurableObject {
  join(saleId, joiner) {
    return { kind: 'answered', reply: { saleId, visitor: joiner.visitor } };
  }
}

const place = { state: 'waiting', number: 1, ahead: 0, behind: 0, lane: 'main' };

const worker = {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.method !== 'POST') return Response.json({ status: 'ok' });
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const visitor = `v_${btoa(String.fromCharCode(...bytes))}`;
    const shard = env.GATEWAY.getByName(`gw-${(bytes[0] ?? 0) % Number(env.GATEWAY_SHARDS)}`);
    const answer = await shard.join(pathname, { visitor, number: 0, ordinal: 1 });
    return Response.json({ place, kind: answer.kind }, { status: 201 });
  },
};

export { worker as default };
