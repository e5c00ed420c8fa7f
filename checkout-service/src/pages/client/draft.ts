// What a tab keeps of a checkout: the token that it was given, and what was chosen with it. The key
// of the redemption stays with the token, so that a second try is the same redemption.

export type Draft = {
  token: string;
  key: string;
  productId: string;
  quantity: string;
  email: string;
};

export type Claims = { jti?: string; exp?: number; max?: number; cnf?: object };

const nameOf = (sale: string) => `fg_checkout_${sale}`;

/** What a token says of itself, for showing; the server checks it. */
export function readClaims(token: string): Claims {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(part));
  } catch {
    return {};
  }
}

export function storedDraft(sale: string): Partial<Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(nameOf(sale)) ?? '{}');
  } catch {
    return {};
  }
}

/** A browser that stores nothing goes on without. */
export function keepDraft(sale: string, draft: Draft): void {
  try {
    sessionStorage.setItem(nameOf(sale), JSON.stringify(draft));
  } catch {}
}

export function forgetDraft(sale: string): void {
  try {
    sessionStorage.removeItem(nameOf(sale));
  } catch {}
}

/**
 * The token comes in the fragment, which no server sees, or in the form; from the address bar it goes
 * at once. A page that a form has brought gets an address that can be loaded again.
 */
export function takeToken(sale: string, ofForm: string): string {
  const ofAddress = new URLSearchParams(location.hash.slice(1)).get('token');
  history.replaceState(null, '', `/checkout?sale=${sale}`);
  return ofAddress || ofForm || storedDraft(sale).token || '';
}

/** For another wish than before. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
