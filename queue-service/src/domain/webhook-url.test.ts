import { describe, expect, it } from 'vitest';
import { urlMistake } from './webhook-url.ts';

describe('the URL of a webhook', () => {
  it.each([
    'http://shop.example/',
    'ftp://shop.example/',
    'no url',
    'https://user:pass@shop.example/',
    'https://shop.example/#part',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://shop.localhost/',
    'https://metadata.google.internal/',
    'https://redis/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data',
    // As browsers read them: 127.0.0.1.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:10.0.0.1]/',
  ])('is not %s', (url) => {
    expect(urlMistake(url, false)).not.toBeNull();
  });

  it('is https, of a public host', () => {
    expect(urlMistake('https://shop.example:8443/hooks?a=1', false)).toBeNull();
    expect(urlMistake('https://8.8.8.8/', false)).toBeNull();
  });

  it('may be http where it stays on the machine, and private, if that is set', () => {
    expect(urlMistake('http://127.0.0.1:9000/', true)).toBeNull();
    expect(urlMistake('http://localhost:9000/', true)).toBeNull();
    expect(urlMistake('https://10.0.0.1/', true)).toBeNull();
    expect(urlMistake('http://10.0.0.1/', true)).not.toBeNull();
    expect(urlMistake('http://shop.example/', true)).not.toBeNull();
  });
});
