CREATE TABLE "revocations" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"sale_id" text NOT NULL,
	"visitor" text,
	"number_from" bigint,
	"number_to" bigint,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "revocations_whom" CHECK ((visitor is null) = (number_from is not null) and (number_from is null) = (number_to is null))
);
--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "extended_by" text;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "balancer_request" text;--> statement-breakpoint
ALTER TABLE "redemptions" ADD COLUMN "balancer_request" text;--> statement-breakpoint
CREATE INDEX "revocations_visitor" ON "revocations" USING btree ("sale_id","visitor") WHERE visitor is not null;--> statement-breakpoint
CREATE INDEX "revocations_range" ON "revocations" USING btree ("sale_id") WHERE visitor is null;--> statement-breakpoint
ALTER TABLE "ledger" ENABLE ALWAYS TRIGGER "ledger_append_only";--> statement-breakpoint
ALTER TABLE "ledger" ENABLE ALWAYS TRIGGER "ledger_no_truncate";
