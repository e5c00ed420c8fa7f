DROP INDEX "payments_open";--> statement-breakpoint
CREATE INDEX "payments_due" ON "payments" USING btree ("state","updated_at") WHERE state in ('withdrawing', 'late', 'refunding');--> statement-breakpoint
CREATE INDEX "payments_silent" ON "payments" USING btree ("updated_at") WHERE coalesce(state = 'processing'
        or (state = 'failed' and failure = 'provider unavailable' and reference is null), false);--> statement-breakpoint
CREATE INDEX "outbox_untold" ON "outbox" USING btree ((payload ->> 'jti')) WHERE topic in ('room', 'refused');--> statement-breakpoint
ALTER TABLE "redemptions" DROP COLUMN IF EXISTS "balancer_request";