import type { AuditRows } from '../app/access-ports.ts';
import { auditEndpoints } from './access-endpoints.ts';
import type { Authenticate } from './auth.ts';
import { type Api, serve } from './endpoint.ts';
import { onePage } from './list.ts';
import { viewAudit } from './views.ts';

/** Lines of the ledger are numbered. */
const cursorForm = /^\d{1,15}$/;

export function auditRoutes(api: Api, authenticate: Authenticate, audit: AuditRows): void {
  serve(api, authenticate, auditEndpoints.list, async ({ c, caller, query }) =>
    c.json(await onePage(cursorForm, query, audit.page, (entry) => viewAudit(entry, caller.role))),
  );
}
