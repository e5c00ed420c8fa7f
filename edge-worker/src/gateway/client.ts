import type { AppearanceAnswer } from '../app/appearance-ports.ts';
import type { AskAnswer } from '../app/ask-ports.ts';
import type { PressureAnswer, SpendAnswer } from '../app/challenge-ports.ts';
import type { BansAnswer, CountAnswer } from '../app/door-ports.ts';
import type {
  CatalogueAnswer,
  JoinAnswer,
  LeaveAnswer,
  LookAnswer,
  NoteAnswer,
  SnapshotAnswer,
  TakeAnswer,
  Unavailable,
} from '../app/ports.ts';
import type { PreviewAnswer } from '../app/preview-ports.ts';
import type { AllGateways, Gateway } from './gateway.ts';

/** Longer than a command and a connection may take inside the gateway. */
const callMsMax = 3_000;

/**
 * The gateways as an isolate reaches them: a visitor always by the same one, so that what comes
 * together is asked together; the isolate's own questions by one that it picks once.
 */
export function gatewayClient(
  namespace: DurableObjectNamespace<Gateway>,
  shards: number,
  random: () => number,
): AllGateways {
  let own: number | undefined;
  const at = (shard: number) => namespace.getByName(`gw-${shard}`);
  const ofVisitor = (visitor: string) => at(hash(visitor) % shards);
  const ofIsolate = () => {
    own ??= Math.floor(random() * shards);
    return at(own);
  };
  return {
    snapshot: (saleId) => within<SnapshotAnswer>(async () => await ofIsolate().snapshot(saleId)),
    join: (saleId, joiner) =>
      within<JoinAnswer>(async () => await ofVisitor(joiner.visitor).join(saleId, joiner)),
    look: (saleId, question) =>
      within<LookAnswer>(async () => await ofVisitor(question.visitor).look(saleId, question)),
    note: (saleId, questions) =>
      within<NoteAnswer>(async () => await ofIsolate().note(saleId, questions)),
    take: (saleId, question) =>
      within<TakeAnswer>(async () => await ofVisitor(question.visitor).take(saleId, question)),
    leave: (saleId, ticket) =>
      within<LeaveAnswer>(async () => await ofVisitor(ticket.visitor).leave(saleId, ticket)),
    catalogue: (cursor, limit) =>
      within<CatalogueAnswer>(async () => await ofIsolate().catalogue(cursor, limit)),
    appearance: (saleId) =>
      within<AppearanceAnswer>(async () => await ofIsolate().appearance(saleId)),
    preview: (id) => within<PreviewAnswer>(async () => await ofIsolate().preview(id)),
    ask: (saleId, ask) =>
      within<AskAnswer>(async () => await ofVisitor(ask.visitor).ask(saleId, ask)),
    bans: (known) => within<BansAnswer>(async () => await ofIsolate().bans(known)),
    // One network is counted by one gateway, whoever asks.
    count: (network, counts) =>
      within<CountAnswer>(async () => await ofVisitor(network).count(network, counts)),
    blocked: (all) =>
      within<{ kind: 'noted' } | Unavailable>(async () => await ofIsolate().blocked(all)),
    pressure: (network) =>
      within<PressureAnswer>(async () => await ofVisitor(network).pressure(network)),
    spend: (saleId, challengeId, seconds) =>
      within<SpendAnswer>(
        async () => await ofVisitor(challengeId).spend(saleId, challengeId, seconds),
      ),
  };
}

/** A gateway that fails or does not answer is `unavailable`, and never an exception. */
async function within<A>(call: () => Promise<A>): Promise<A | Unavailable> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Unavailable>((resolve) => {
    const giveUp = () => resolve({ kind: 'unavailable', cause: 'the gateway does not answer' });
    timer = setTimeout(giveUp, callMsMax);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (error) {
    return { kind: 'unavailable', cause: String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** FNV-1a, 32 bits: spreads visitors evenly, and is nothing to rely on otherwise. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return value;
}
