import type { ProofKey } from '@fairgate/shared/token/proof-maker.ts';
import type { ShopperPlan } from './plan.ts';
import type { Random } from './random.ts';
import type { ShopperRecord, Stage } from './record.ts';
import type { Sender } from './sender.ts';

/** Where shoppers go, and what they share. */
export type Fair = {
  edgeUrl: string;
  saleId: string;
  sender: Sender;
  /** True once nothing is left to wait for. */
  isOver(): boolean;
};

export type Shopper = {
  plan: ShopperPlan;
  record: ShopperRecord;
  fair: Fair;
  /** What the place and the token are bound to; null for a browser that makes no key. */
  key: ProofKey | null;
  random: Random;
};

/** A shopper's way ends early, in this stage. */
export class Ending extends Error {
  readonly stage: Stage;

  constructor(stage: Stage) {
    super(stage);
    this.stage = stage;
  }
}
