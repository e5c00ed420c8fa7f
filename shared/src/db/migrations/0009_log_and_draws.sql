CREATE TABLE "draws" (
	"sale_id" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL,
	"commitment" text NOT NULL,
	"randomness_url" text DEFAULT '' NOT NULL,
	"published_at" timestamp (3) with time zone,
	"lobby_seq" bigint,
	"lobby_head" text,
	"entrants" bigint,
	"closed_at" timestamp (3) with time zone,
	"randomness" text,
	"key" text,
	"drawn_at" timestamp (3) with time zone,
	"trouble" text
);
--> statement-breakpoint
CREATE TABLE "log_blocks" (
	"sale_id" text NOT NULL,
	"first_seq" bigint NOT NULL,
	"last_seq" bigint NOT NULL,
	"head" text NOT NULL,
	"body" text NOT NULL,
	CONSTRAINT "log_blocks_sale_id_first_seq_pk" PRIMARY KEY("sale_id","first_seq"),
	CONSTRAINT "log_blocks_order" CHECK (first_seq <= last_seq)
);
--> statement-breakpoint
CREATE TABLE "log_heads" (
	"sale_id" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"head" text NOT NULL,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"audit" jsonb
);

--> statement-breakpoint
CREATE FUNCTION "fairgate_log_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log of a sale is append-only';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "log_blocks_append_only" BEFORE UPDATE OR DELETE ON "log_blocks"
  FOR EACH ROW EXECUTE FUNCTION "fairgate_log_append_only"();
--> statement-breakpoint
CREATE TRIGGER "log_blocks_no_truncate" BEFORE TRUNCATE ON "log_blocks"
  FOR EACH STATEMENT EXECUTE FUNCTION "fairgate_log_append_only"();
--> statement-breakpoint
ALTER TABLE "log_blocks" ENABLE ALWAYS TRIGGER "log_blocks_append_only";
--> statement-breakpoint
ALTER TABLE "log_blocks" ENABLE ALWAYS TRIGGER "log_blocks_no_truncate";
