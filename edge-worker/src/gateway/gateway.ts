import { DurableObject } from 'cloudflare:workers';
import type { SignalCounts } from '@fairgate/shared/bans/suspects.ts';
import { systemClock } from '@fairgate/shared/clock.ts';
import type { PlaceAsk } from '@fairgate/shared/notices/place-ask.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { JoinQuestion, LookQuestion } from '@fairgate/shared/room/room.ts';
import type { AppearanceAnswer, AppearanceGateways } from '../app/appearance-ports.ts';
import type { AskAnswer, AskGateways } from '../app/ask-ports.ts';
import type { ChallengeGateways, PressureAnswer, SpendAnswer } from '../app/challenge-ports.ts';
import type { BansAnswer, Blocked, CountAnswer, DoorGateways } from '../app/door-ports.ts';
import type {
  CatalogueAnswer,
  Gateways,
  JoinAnswer,
  LeaveAnswer,
  LookAnswer,
  NoteAnswer,
  SnapshotAnswer,
  TakeAnswer,
  Unavailable,
} from '../app/ports.ts';
import type { PreviewAnswer, PreviewGateways } from '../app/preview-ports.ts';
import { readGatewayConfig } from '../config.ts';
import { logFault } from '../log.ts';
import { roomAppearances } from './appearances.ts';
import { keptAsks } from './asks.ts';
import { bannedList } from './banned.ts';
import { saleCatalogue } from './catalogue.ts';
import { connectRedis } from './connection.ts';
import { counters } from './counters.ts';
import { edgeScripts } from './edge-scripts.ts';
import { networkPressure, type Pressure } from './pressure.ts';
import { keptPreviews } from './previews.ts';
import { roomGateway } from './room-gateway.ts';
import { spentChallenges } from './spent.ts';

/** All that gateways do for isolates. */
export type AllGateways = Gateways &
  DoorGateways &
  ChallengeGateways &
  PreviewGateways &
  AppearanceGateways &
  AskGateways;

/**
 * Keeps one Redis connection for many isolates: a Worker's own requests cannot share one, and a
 * connection for each would cost Redis more than the question. Holds nothing that matters: it
 * may be evicted at any time.
 */
export class Gateway extends DurableObject<Record<string, unknown>> implements AllGateways {
  readonly #room: Omit<Gateways, 'catalogue'>;
  readonly #catalogue: Gateways['catalogue'];
  readonly #bans: DoorGateways['bans'];
  readonly #counters: Pick<DoorGateways, 'count' | 'blocked'>;
  readonly #pressure: Pressure;
  readonly #spend: ChallengeGateways['spend'];
  readonly #preview: PreviewGateways['preview'];
  readonly #appearance: AppearanceGateways['appearance'];
  readonly #ask: AskGateways['ask'];

  constructor(ctx: DurableObjectState, env: Record<string, unknown>) {
    super(ctx, env);
    const { roomRedis, admissionKey, suspiciousFrom } = readGatewayConfig(env);
    const connection = connectRedis(roomRedis, (error) => logFault('redis', error));
    const { redis, whenReady } = connection;
    const room = redisRoom(redis, edgeScripts());
    const catalogue = saleCatalogue(redis, room, whenReady, systemClock);
    const { isEmptied } = catalogue;
    this.#room = roomGateway({ room, whenReady, isEmptied, admissionKey, clock: systemClock });
    this.#catalogue = catalogue.page;
    this.#bans = bannedList(redis, whenReady, systemClock);
    this.#counters = counters({ redis, whenReady, suspiciousFrom });
    this.#pressure = networkPressure(systemClock);
    this.#spend = spentChallenges(redis, whenReady);
    this.#preview = keptPreviews(redis, whenReady);
    this.#appearance = roomAppearances(redis, whenReady);
    this.#ask = keptAsks(redis, whenReady, systemClock);
  }

  snapshot(saleId: string): Promise<SnapshotAnswer> {
    return this.#room.snapshot(saleId);
  }

  join(saleId: string, joiner: JoinQuestion): Promise<JoinAnswer> {
    return this.#room.join(saleId, joiner);
  }

  look(saleId: string, question: LookQuestion): Promise<LookAnswer> {
    return this.#room.look(saleId, question);
  }

  note(saleId: string, questions: LookQuestion[]): Promise<NoteAnswer> {
    return this.#room.note(saleId, questions);
  }

  take(saleId: string, question: LookQuestion): Promise<TakeAnswer> {
    return this.#room.take(saleId, question);
  }

  leave(saleId: string, ticket: LookQuestion): Promise<LeaveAnswer> {
    return this.#room.leave(saleId, ticket);
  }

  catalogue(cursor: string | null, limit: number): Promise<CatalogueAnswer> {
    return this.#catalogue(cursor, limit);
  }

  bans(knownVersion: number): Promise<BansAnswer> {
    return this.#bans(knownVersion);
  }

  count(network: string, counts: SignalCounts): Promise<CountAnswer> {
    return this.#counters.count(network, counts);
  }

  blocked(all: Blocked[]): Promise<{ kind: 'noted' } | Unavailable> {
    return this.#counters.blocked(all);
  }

  async pressure(network: string): Promise<PressureAnswer> {
    return { kind: 'counted', perMinute: this.#pressure.count(network) };
  }

  spend(saleId: string, challengeId: string, seconds: number): Promise<SpendAnswer> {
    return this.#spend(saleId, challengeId, seconds);
  }

  preview(id: string): Promise<PreviewAnswer> {
    return this.#preview(id);
  }

  appearance(saleId: string): Promise<AppearanceAnswer> {
    return this.#appearance(saleId);
  }

  ask(saleId: string, ask: PlaceAsk): Promise<AskAnswer> {
    return this.#ask(saleId, ask);
  }
}
