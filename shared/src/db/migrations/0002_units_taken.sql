DROP INDEX "units_by_state";--> statement-breakpoint
CREATE INDEX "units_taken" ON "units" USING btree ("product_id","state") WHERE state <> 'free';