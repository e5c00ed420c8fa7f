import { fairgateClient } from '@fairgate/shared/client';

/** A shopper's whole way: through Fairgate's line to the shop's own checkout. */
export async function buyAtTheShop(
  fairgateUrl: string,
  shopUrl: string,
  saleId: string,
  productId: string,
  show: (text: string) => void,
): Promise<Response> {
  const fairgate = fairgateClient({ origin: fairgateUrl });
  await fairgate.join(saleId);
  for await (const news of fairgate.wait(saleId)) {
    if (news.kind === 'place') show(`${news.place.ahead ?? '?'} people are ahead of you`);
    else show('No connection. Your place is kept.');
  }
  const { token } = await fairgate.token(saleId);
  const url = `${shopUrl}/buy`;
  return await fetch(url, {
    method: 'POST',
    headers: {
      ...(await fairgate.showToken(token, { method: 'POST', url })),
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    body: JSON.stringify({ items: [{ productId, quantity: 1 }] }),
  });
}
