import type { ControlClient } from '../support/control-client.ts';
import type { CrowdOptions } from './options.ts';
import { planCrowd } from './plan.ts';
import { newRecord } from './record.ts';
import { type CrowdResult, progressLine } from './report.ts';
import { makeCrowdSale } from './sale.ts';
import { boundedSender } from './sender.ts';
import { runShopper } from './shopper.ts';

export type CrowdWorld = {
  edgeUrl: string;
  control: ControlClient;
  say(line: string): void;
};

/**
 * Sends the crowd, and returns when every shopper has finished: all units are sold, the sale is
 * closed, everyone has had their turn, or the time is over.
 */
export async function runCrowd(options: CrowdOptions, world: CrowdWorld): Promise<CrowdResult> {
  const { control } = world;
  const saleId = options.sale ?? (await makeCrowdSale(control, options.units));
  const { settings } = await control.figures(saleId);
  const plans = planCrowd({
    shoppers: options.shoppers,
    seed: options.seed,
    arrivalSeconds: options['arrival-seconds'],
    leave: options.leave,
    neverPay: options['never-pay'],
    decline: options.decline,
    absent: options.absent,
  });
  const records = plans.map(({ index }) => newRecord(index));
  const over = new AbortController();
  const sender = boundedSender(options.concurrency, over.signal);
  const isOver = () => over.signal.aborted;
  const fair = { edgeUrl: world.edgeUrl, saleId, sender, isOver };
  const startedMs = Date.now();
  world.say(
    `${options.shoppers} shoppers, seed ${options.seed}, to ${world.edgeUrl}/sales/${saleId}`,
  );

  let isComplete = true;
  const progress = setInterval(() => {
    const passedMs = Date.now() - startedMs;
    world.say(progressLine(records, passedMs));
    if (passedMs > options['max-seconds'] * 1_000 && !isOver()) {
      isComplete = false;
      over.abort();
    }
    endWhenSold(control, saleId, over);
  }, 1_000);
  try {
    await Promise.all(plans.map((plan, i) => runShopper(plan, records[i] ?? newRecord(i), fair)));
  } finally {
    clearInterval(progress);
  }
  return {
    saleId,
    seed: options.seed,
    tookMs: Date.now() - startedMs,
    isComplete,
    records,
    orders: await control.orders(saleId),
    summary: await control.summary(saleId),
    abandonSeconds: settings.abandonSeconds,
  };
}

/** Nobody has to wait any more once every unit is sold, or the sale was closed. */
function endWhenSold(control: ControlClient, saleId: string, over: AbortController): void {
  if (over.signal.aborted) return;
  const check = async () => {
    const [{ products }, { state }] = await Promise.all([
      control.summary(saleId),
      control.figures(saleId),
    ]);
    if (state === 'closed' || products.every(({ sold, total }) => sold === total)) over.abort();
  };
  // A control API that is away for a second does not end the crowd.
  check().catch(() => {});
}
