// What a shop's link brings along for joining: `#pass=…` and `#identity=…` (a JWT of its login).
// Both are secrets, so they are in the fragment, which no server sees, and are taken out of the
// address bar at once. They are kept in this tab until a join has used them.

const names = ['pass', 'identity'];
const keyOf = (sale) => `fairgate-offer-${sale}`;
let held = {};

export const offerOf = (sale) => {
  try {
    return { ...JSON.parse(sessionStorage.getItem(keyOf(sale)) ?? '{}'), ...held };
  } catch {
    return held;
  }
};

export const takeOffer = (sale) => {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = names.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : []));
  if (found.length === 0) return;
  history.replaceState(null, '', location.pathname + location.search);
  held = { ...held, ...Object.fromEntries(found) };
  try {
    sessionStorage.setItem(keyOf(sale), JSON.stringify(offerOf(sale)));
  } catch {
    // Without storage it lasts until the page is left.
  }
};

export const forgetOffer = (sale) => {
  held = {};
  try {
    sessionStorage.removeItem(keyOf(sale));
  } catch {
    // There is none.
  }
};
