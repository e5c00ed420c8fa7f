// What a shop's link brings along for joining: `#pass=…` and `#identity=…` (a JWT of its login).
// Both are secrets, so they are in the fragment, which no server sees, and are taken out of the
// address bar at once. They are kept in this tab until a join has used them.

export type Offer = { pass?: string; identity?: string };

const names = ['pass', 'identity'] as const;
const keyOf = (sale: string) => `fairgate-offer-${sale}`;
let held: Offer = {};

export const offerOf = (sale: string): Offer => {
  try {
    return { ...JSON.parse(sessionStorage.getItem(keyOf(sale)) ?? '{}'), ...held };
  } catch {
    return held;
  }
};

export const takeOffer = (sale: string): void => {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = names.flatMap((name) => {
    const value = given.get(name);
    return value ? [[name, value]] : [];
  });
  if (found.length === 0) return;
  history.replaceState(null, '', location.pathname + location.search);
  held = { ...held, ...Object.fromEntries(found) };
  try {
    sessionStorage.setItem(keyOf(sale), JSON.stringify(offerOf(sale)));
  } catch {
    // Without storage it lasts until the page is left.
  }
};

export const forgetOffer = (sale: string): void => {
  held = {};
  try {
    sessionStorage.removeItem(keyOf(sale));
  } catch {
    // There is none.
  }
};
