CREATE TABLE "console_sessions" (
	"hash" text PRIMARY KEY NOT NULL,
	"actor" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"key_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "once_results" (
	"actor" text NOT NULL,
	"key" text NOT NULL,
	"digest" text NOT NULL,
	"result" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "once_results_actor_key_pk" PRIMARY KEY("actor","key")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "last_used_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "address" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "before" jsonb;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "after" jsonb;--> statement-breakpoint
CREATE INDEX "ledger_by_admin" ON "ledger" USING btree ("actor","id") WHERE actor like 'key:%' or actor like 'user:%';