CREATE TABLE "place_notices" (
	"sale_id" text NOT NULL,
	"visitor" text NOT NULL,
	"number" bigint NOT NULL,
	"kind" text NOT NULL,
	"about" text DEFAULT '' NOT NULL,
	"channel" text NOT NULL,
	"useful_until" timestamp (3) with time zone NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"claimed_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"outcome" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "place_notices_sale_id_visitor_number_kind_about_channel_pk" PRIMARY KEY("sale_id","visitor","number","kind","about","channel")
);
--> statement-breakpoint
CREATE TABLE "place_subscriptions" (
	"sale_id" text NOT NULL,
	"visitor" text NOT NULL,
	"number" bigint NOT NULL,
	"lane" text NOT NULL,
	"score" double precision,
	"email" text,
	"language" text,
	"push" jsonb,
	"asked_at" bigint NOT NULL,
	"soon_for" bigint,
	"sold_out_for" bigint,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "place_subscriptions_sale_id_visitor_pk" PRIMARY KEY("sale_id","visitor")
);
--> statement-breakpoint
CREATE INDEX "place_notices_due" ON "place_notices" USING btree ("channel","due_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "place_subscriptions_soon" ON "place_subscriptions" USING btree ("sale_id","lane","score") WHERE soon_for is distinct from number;--> statement-breakpoint
CREATE INDEX "place_subscriptions_sold_out" ON "place_subscriptions" USING btree ("sale_id","visitor") WHERE sold_out_for is distinct from number;--> statement-breakpoint
CREATE INDEX "place_subscriptions_unranked" ON "place_subscriptions" USING btree ("sale_id") WHERE score is null;