CREATE TABLE "notice_optouts" (
	"sale_id" text NOT NULL,
	"recipient" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notice_optouts_sale_id_recipient_pk" PRIMARY KEY("sale_id","recipient")
);
--> statement-breakpoint
ALTER TABLE "notices" ADD COLUMN "outcome" text;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "language" text;