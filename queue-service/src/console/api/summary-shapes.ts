import type { Fairness } from '@fairgate/shared/log/fairness.ts';
import type { z } from 'zod';
import type { summaryView } from '../../http/summary-routes.ts';

export type Summary = z.infer<typeof summaryView>;
export type { Fairness };
