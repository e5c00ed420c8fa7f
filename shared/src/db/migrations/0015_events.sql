CREATE TABLE "event_cursors" (
	"source" text NOT NULL,
	"sale_id" text NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "event_cursors_source_sale_id_pk" PRIMARY KEY("source","sale_id")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"sale_id" text NOT NULL,
	"lane" text,
	"number" bigint,
	"seq" bigint,
	"order_id" text,
	"product_id" text,
	"units" integer,
	"amount_minor" bigint,
	"currency" text,
	"reason" text,
	"count" integer DEFAULT 1 NOT NULL
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE INDEX "events_by_sale" ON "events" USING btree ("sale_id","kind");