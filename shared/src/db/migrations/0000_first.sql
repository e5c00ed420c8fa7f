CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "ledger" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"sale_id" text,
	"product_id" text,
	"order_id" text,
	"unit_ids" text[],
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"order_id" text NOT NULL,
	"kind" text NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notices_order_id_kind_pk" PRIMARY KEY("order_id","kind")
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"order_id" text NOT NULL,
	"product_id" text NOT NULL,
	"quantity" integer NOT NULL,
	"unit_price_minor" bigint NOT NULL,
	CONSTRAINT "order_lines_order_id_product_id_pk" PRIMARY KEY("order_id","product_id")
);
--> statement-breakpoint
CREATE TABLE "order_units" (
	"order_id" text NOT NULL,
	"unit_id" text NOT NULL,
	"product_id" text NOT NULL,
	"live" boolean DEFAULT true NOT NULL,
	CONSTRAINT "order_units_order_id_unit_id_pk" PRIMARY KEY("order_id","unit_id")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" text PRIMARY KEY NOT NULL,
	"sale_id" text NOT NULL,
	"jti" text NOT NULL,
	"visitor" text NOT NULL,
	"number" bigint NOT NULL,
	"state" text DEFAULT 'awaiting_payment' NOT NULL,
	"total_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"email" text,
	"first_pay_before" timestamp (3) with time zone NOT NULL,
	"pay_before" timestamp (3) with time zone NOT NULL,
	"extended" boolean DEFAULT false NOT NULL,
	"paid_at" timestamp (3) with time zone,
	"failure" text,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orders_jti_unique" UNIQUE("jti"),
	CONSTRAINT "orders_state" CHECK (state in ('awaiting_payment', 'paid', 'expired', 'cancelled', 'refunded'))
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"sale_id" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"sale_id" text NOT NULL,
	"provider" text NOT NULL,
	"reference" text,
	"state" text DEFAULT 'processing' NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"failure" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "products" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"image_url" text,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "provider_events" (
	"provider" text NOT NULL,
	"event_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "provider_events_provider_event_id_pk" PRIMARY KEY("provider","event_id")
);
--> statement-breakpoint
CREATE TABLE "redemptions" (
	"jti" text PRIMARY KEY NOT NULL,
	"sale_id" text NOT NULL,
	"visitor" text NOT NULL,
	"number" bigint NOT NULL,
	"max" integer NOT NULL,
	"kind" text NOT NULL,
	"order_id" text,
	"idempotency_key" text,
	"request_hash" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "room_checkpoints" (
	"sale_id" text PRIMARY KEY NOT NULL,
	"next" bigint NOT NULL,
	"frontier" bigint NOT NULL,
	"outstanding" integer NOT NULL,
	"counters" jsonb NOT NULL,
	"taken_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sale_products" (
	"sale_id" text NOT NULL,
	"product_id" text NOT NULL,
	"position" integer NOT NULL,
	"live" boolean DEFAULT true NOT NULL,
	CONSTRAINT "sale_products_sale_id_product_id_pk" PRIMARY KEY("sale_id","product_id")
);
--> statement-breakpoint
CREATE TABLE "sales" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"phase" text DEFAULT 'draft' NOT NULL,
	"mode" text DEFAULT 'fifo' NOT NULL,
	"currency" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"room" jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "units" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"shard" smallint NOT NULL,
	"state" text DEFAULT 'free' NOT NULL,
	"order_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "units_state" CHECK (state in ('free', 'held', 'sold')),
	CONSTRAINT "units_owner" CHECK ((state = 'free') = (order_id is null))
);
--> statement-breakpoint
CREATE INDEX "ledger_by_sale" ON "ledger" USING btree ("sale_id","id");--> statement-breakpoint
CREATE INDEX "ledger_by_order" ON "ledger" USING btree ("order_id");--> statement-breakpoint
CREATE UNIQUE INDEX "order_units_live" ON "order_units" USING btree ("unit_id") WHERE live;--> statement-breakpoint
CREATE INDEX "orders_by_sale" ON "orders" USING btree ("sale_id","state","id");--> statement-breakpoint
CREATE INDEX "orders_unpaid" ON "orders" USING btree ("pay_before") WHERE state = 'awaiting_payment';--> statement-breakpoint
CREATE INDEX "outbox_by_topic" ON "outbox" USING btree ("topic","id");--> statement-breakpoint
CREATE INDEX "payments_by_order" ON "payments" USING btree ("order_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payments_reference" ON "payments" USING btree ("provider","reference");--> statement-breakpoint
CREATE INDEX "redemptions_by_sale" ON "redemptions" USING btree ("sale_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "sale_products_live" ON "sale_products" USING btree ("product_id") WHERE live;--> statement-breakpoint
CREATE INDEX "units_free" ON "units" USING btree ("product_id","shard","id") WHERE state = 'free';--> statement-breakpoint
CREATE INDEX "units_by_state" ON "units" USING btree ("product_id","state");