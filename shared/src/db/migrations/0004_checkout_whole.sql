CREATE TABLE "buyer_units" (
	"sale_id" text NOT NULL,
	"kind" text NOT NULL,
	"buyer" text NOT NULL,
	"units" integer NOT NULL,
	"units_max" integer NOT NULL,
	CONSTRAINT "buyer_units_sale_id_kind_buyer_pk" PRIMARY KEY("sale_id","kind","buyer"),
	CONSTRAINT "buyer_units_bound" CHECK (units between 0 and units_max)
);
--> statement-breakpoint
CREATE TABLE "checkout_beats" (
	"instance" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
DROP INDEX "payments_open";--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "identity" text;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "outage_seconds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "redemptions" ADD COLUMN "proofs" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX "payments_open" ON "payments" USING btree ("updated_at") WHERE state in ('processing', 'late', 'refunding', 'failed');