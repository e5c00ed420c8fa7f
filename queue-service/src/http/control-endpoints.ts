import { saleActions } from '../domain/phase.ts';
import { auditEndpoints, banEndpoints, keyEndpoints } from './access-endpoints.ts';
import { appearanceEndpoints } from './appearance-routes.ts';
import { checkEndpoints } from './check-routes.ts';
import { copyEndpoints } from './copy-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { actionEndpoint, productEndpoints, roomEndpoints, saleEndpoints } from './endpoints.ts';
import { fairnessEndpoints } from './fairness-routes.ts';
import { liveEndpoints } from './live-routes.ts';
import { orderEndpoints } from './order-endpoints.ts';
import { placeEndpoints } from './place-routes.ts';
import { productCsvEndpoints } from './product-csv-routes.ts';
import { summaryEndpoints } from './summary-routes.ts';
import { webhookEndpoints } from './webhook-endpoints.ts';

/** All calls that need a key, for the OpenAPI document. */
export const controlEndpoints: Endpoint<unknown, unknown>[] = [
  ...Object.values(productCsvEndpoints),
  ...Object.values(productEndpoints),
  ...Object.values(saleEndpoints),
  ...Object.values(copyEndpoints),
  ...saleActions.map(actionEndpoint),
  ...Object.values(checkEndpoints),
  ...Object.values(roomEndpoints),
  ...Object.values(appearanceEndpoints),
  ...Object.values(liveEndpoints),
  ...Object.values(summaryEndpoints),
  ...Object.values(fairnessEndpoints),
  ...Object.values(orderEndpoints),
  ...Object.values(placeEndpoints),
  ...Object.values(banEndpoints),
  ...Object.values(keyEndpoints),
  ...Object.values(webhookEndpoints),
  ...Object.values(auditEndpoints),
];

/** Bytes of the calls that take more than others do, as `limitBody` asks for them. */
export const uploadLimits: ReadonlyMap<string, number> = new Map(
  controlEndpoints.flatMap(({ method, path, upload }) =>
    upload === undefined ? [] : [[`${method} ${path}`, upload.bytesMax] as const],
  ),
);
