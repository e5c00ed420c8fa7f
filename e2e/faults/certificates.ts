import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An authority of one's own, and a certificate by it for 127.0.0.1 and localhost: paths, and PEM. */
export type Certificates = { caFile: string; ca: string; certFile: string; keyFile: string };

export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [caKey, ca, key, request, cert, names] = [
    ...['ca.key', 'ca.pem', 'redis.key', 'redis.csr', 'redis.pem', 'names.cnf'].map(at),
  ] as const;
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    `${caKey}`,
    '-out',
    `${ca}`,
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
  );
  openssl('req', ...newKey, '-keyout', `${key}`, '-out', `${request}`, '-subj', '/CN=redis');
  writeFileSync(`${names}`, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const by = ['-CA', `${ca}`, '-CAkey', `${caKey}`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${request}`, ...by, '-out', `${cert}`, '-extfile', `${names}`);
  return {
    caFile: `${ca}`,
    ca: readFileSync(`${ca}`, 'utf8'),
    certFile: `${cert}`,
    keyFile: `${key}`,
  };
}
