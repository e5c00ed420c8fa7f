ALTER TABLE "notice_optouts" DROP COLUMN "asked_at";--> statement-breakpoint
-- Mails of before 0026 count too, by `recipientDigest` of the address as it stands.
UPDATE place_notices n SET recipient = translate(
  rtrim(encode(sha256(convert_to(n.sale_id || chr(10) || lower(btrim(s.email)), 'UTF8')), 'base64'), '='),
  '+/', '-_')
FROM place_subscriptions s
WHERE s.sale_id = n.sale_id AND s.visitor = n.visitor AND s.email IS NOT NULL
  AND n.channel = 'mail' AND n.outcome = 'sent' AND n.recipient IS NULL;
