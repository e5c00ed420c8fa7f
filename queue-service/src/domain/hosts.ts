/** Whether a URL is of this machine. */
export function isLoopback(url: string): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

/** Whether a URL's host is one that the public net does not know, by its form alone. */
export function isPrivateHost(url: string): boolean {
  const host = hostOf(url);
  if (/^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(host)) return true;
  if (host.startsWith('[')) return /^\[(f[cd]|fe[89ab])/.test(host);
  return !host.includes('.') || /\.(local|internal|lan|home\.arpa|test|invalid)$/.test(host);
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}
