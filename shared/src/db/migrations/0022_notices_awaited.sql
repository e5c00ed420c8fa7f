ALTER TABLE "notices" ADD COLUMN "told_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "notices_unsettled" ON "notices" USING btree ("order_id","kind") WHERE sent_at is null;