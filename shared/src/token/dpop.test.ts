import { describe, expect, it } from 'vitest';
import { normalAddress, type ProofExpectation, proofLimits, verifyProof } from './dpop.ts';
import { makeProof, newProofKey } from './proof-maker.ts';
import { jwkThumbprint, publicJwkSchema } from './public-jwk.ts';

const nowMs = 1_700_000_000_000;
const iat = nowMs / 1_000;
const token = 'a.purchase.token';
const origins = ['http://127.0.0.1:8787', 'https://shop.example'];
const path = '/v1/redemptions';
const url = `${origins[1]}${path}`;

const key = newProofKey();
const expected: ProofExpectation = { method: 'POST', path, origins, token, jkt: key.jkt, nowMs };
type Changes = { header?: Record<string, unknown>; claims?: Record<string, unknown> };
const proofOf = ({ header = {}, claims = {} }: Changes = {}, by = key) =>
  makeProof(by, { method: 'POST', url, token, header, claims: { jti: 'one', iat, ...claims } });
const whyNot = (proof: string, changes: Partial<ProofExpectation> = {}) => {
  const verdict = verifyProof(proof, { ...expected, ...changes });
  return verdict.kind === 'valid' ? 'valid' : verdict.fault.why;
};

describe('the examples of RFC 9449', () => {
  const jwk =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
  const figure13 = `${jwk}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
  const resource: ProofExpectation = {
    method: 'GET',
    path: '/protectedresource',
    origins: ['https://resource.example.org'],
    token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    nowMs: 1_562_262_618_000,
  };

  it('the proof for a protected resource is valid at its time, and not a minute later', () => {
    const issuedAt = 1_562_262_618;
    expect(verifyProof(figure13, resource)).toEqual({
      kind: 'valid',
      proof: 'e1j3V_bKic8-LAEB',
      issuedAt,
    });
    const late = { ...resource, nowMs: (issuedAt + 61) * 1_000 };
    expect(verifyProof(figure13, late)).toMatchObject({ fault: { why: 'old' } });
  });

  it('with one character changed it is not', () => {
    const at = figure13.lastIndexOf('.') + 5;
    const changed = `${figure13.slice(0, at)}A${figure13.slice(at + 1)}`;
    expect(verifyProof(changed, resource)).toMatchObject({ fault: { why: 'signature' } });
  });
});

describe('a proof', () => {
  it('by either algorithm is valid, and names its jti', () => {
    expect(verifyProof(proofOf(), expected)).toEqual({
      kind: 'valid',
      proof: 'one',
      issuedAt: iat,
    });
    const ed = newProofKey('Ed25519');
    expect(whyNot(proofOf({}, ed), { jkt: ed.jkt })).toBe('valid');
  });

  it('may name any of the public origins, in any spelling, with a query', () => {
    const spellings = [
      `${origins[0]}${path}`,
      'HTTPS://SHOP.example:443/v1/redemptions',
      'https://shop.example/v1/../v1/./redemptions',
      'https://shop.example/v1/%72edemptions?a=b#c',
    ];
    for (const htu of spellings) expect(whyNot(proofOf({ claims: { htu } }))).toBe('valid');
  });

  it.each([
    ['by another key', 'other-key', proofOf({}, newProofKey())],
    ['of another type', 'header', proofOf({ header: { typ: 'JWT' } })],
    ['with alg none', 'header', proofOf({ header: { alg: 'none' } })],
    ['with a symmetric alg', 'header', proofOf({ header: { alg: 'HS256' } })],
    ['with an alg that is not its key’s', 'header', proofOf({ header: { alg: 'EdDSA' } })],
    ['with a critical extension', 'header', proofOf({ header: { crit: ['exp'] } })],
    ['with a symmetric key', 'header', proofOf({ header: { jwk: { kty: 'oct', k: 'AAAA' } } })],
    ['with the private key', 'header', proofOf({ header: { jwk: { ...key.jwk, d: 'AAAA' } } })],
    ['without a key', 'header', proofOf({ header: { jwk: undefined } })],
    ['for another method', 'method', proofOf({ claims: { htm: 'GET' } })],
    ['for a method in small letters', 'method', proofOf({ claims: { htm: 'post' } })],
    ['for another path', 'address', proofOf({ claims: { htu: `${url}/x` } })],
    ['for another origin', 'address', proofOf({ claims: { htu: `https://evil.example${path}` } })],
    ['for no address', 'address', proofOf({ claims: { htu: path } })],
    ['with credentials in it', 'address', proofOf({ claims: { htu: url.replace('//', '//u@') } })],
    ['that is old', 'old', proofOf({ claims: { iat: iat - 61 } })],
    ['of the future', 'future', proofOf({ claims: { iat: iat + 6 } })],
    ['without a time', 'claims', proofOf({ claims: { iat: undefined } })],
    ['with a time in words', 'claims', proofOf({ claims: { iat: 'now' } })],
    ['for another token', 'other-token', proofOf({ claims: { ath: 'AAAA' } })],
    ['for no token', 'claims', proofOf({ claims: { ath: undefined } })],
    ['without a jti', 'claims', proofOf({ claims: { jti: undefined } })],
    ['with an empty jti', 'claims', proofOf({ claims: { jti: '' } })],
    ['with a jti that Postgres cannot hold', 'claims', proofOf({ claims: { jti: 'a\u0000b' } })],
    ['with half a character as its jti', 'claims', proofOf({ claims: { jti: '\ud800' } })],
    ['with a jti that is too long', 'claims', proofOf({ claims: { jti: 'x'.repeat(129) } })],
    ['that is too long', 'length', proofOf({ claims: { more: 'x'.repeat(2_048) } })],
    ['sent twice', 'form', `${proofOf()}, ${proofOf()}`],
    ['that is no JWS', 'form', 'nonsense'],
  ])('%s is refused', (_, why, proof) => {
    expect(whyNot(proof)).toBe(why);
  });

  it('is good to the second of both limits', () => {
    const { ageSecondsMax, aheadSecondsMax } = proofLimits;
    expect(whyNot(proofOf({ claims: { iat: iat - ageSecondsMax } }))).toBe('valid');
    expect(whyNot(proofOf({ claims: { iat: iat + aheadSecondsMax } }))).toBe('valid');
  });

  it('whose claims were changed after signing is refused', () => {
    const [head, , signature] = proofOf({ claims: { iat: iat - 100 } }).split('.');
    const [, body] = proofOf().split('.');
    expect(whyNot(`${head}.${body}.${signature}`)).toBe('signature');
  });

  it('with a point that is not on the curve is refused', () => {
    const jwk = publicJwkSchema.parse({ ...key.jwk, x: 'A'.repeat(43) });
    expect(whyNot(proofOf({ header: { jwk } }), { jkt: jwkThumbprint(jwk) })).toBe('key');
  });
});

describe('a thumbprint', () => {
  it('does not depend on members that are not the key (RFC 7638)', () => {
    const more = { ...key.jwk, kid: 'x', use: 'sig', ext: true };
    expect(jwkThumbprint(publicJwkSchema.parse(more))).toBe(key.jkt);
  });
});

describe('an address', () => {
  it('has one spelling, without query and fragment', () => {
    expect(normalAddress('HTTP://A.example:80/b%2fc/%7Ed?e#f')).toBe('http://a.example/b%2Fc/~d');
    expect(normalAddress('ftp://a.example/')).toBeNull();
  });
});
