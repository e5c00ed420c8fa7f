DROP INDEX "place_subscriptions_email";--> statement-breakpoint
ALTER TABLE "place_notices" ADD COLUMN "recipient" text;--> statement-breakpoint
CREATE INDEX "place_notices_recipient" ON "place_notices" USING btree ("sale_id","recipient") WHERE recipient is not null;