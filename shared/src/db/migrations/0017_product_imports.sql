CREATE UNLOGGED TABLE "product_import_rows" (
	"import_id" text NOT NULL,
	"line" integer NOT NULL,
	"product_id" text NOT NULL,
	"is_new" boolean NOT NULL,
	"fields" jsonb NOT NULL,
	"stock" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "product_import_rows_import_id_line_pk" PRIMARY KEY("import_id","line")
);
