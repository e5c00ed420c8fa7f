import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanHtml } from './own-html.ts';

const image = 'src="https://shop.example/a.png"';

/** Tags, attributes and addresses that may be in what is stored: nothing else, whatever was sent. */
const allowedTag =
  /^<(\/?(h[234]|p|strong|em|ul|ol|li|blockquote|a|table|caption|thead|tbody|tr|th|td)|br \/|th scope="[^"]*"|a href="(https|mailto):[^"<>]*" rel="noopener nofollow"|img src="https:[^"<>]*" alt="[^"<>]*"( width="\d+")?( height="\d+")? loading="lazy" decoding="async" \/)>$/;

function expectHarmless(html: string): void {
  for (const [tag] of html.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(allowedTag);
}

/** What was sent; what of it may be seen, and what the shop is told. */
const nasty: readonly [what: string, html: string, left: string, told: string | null][] = [
  ['a script', '<p>a</p><script>alert(1)</script>', '<p>a</p>', '<script>'],
  ['a script that is never closed', '<p>a</p><script>alert(1)', '<p>a</p>', '<script>'],
  ['a script in capitals', '<SCRIPT SRC=https://x.example/x.js></SCRIPT>b', 'b', '<script>'],
  ['a script within a script', '<scr<script>ipt>alert(1)</scr</script>ipt>', '', null],
  ['an event', '<p onclick="x()">a</p>', '<p>a</p>', 'onclick of <p>'],
  ['an event of an image', `<img ${image} alt="" onerror=x()>`, '', 'onerror of <img>'],
  ['an event after a slash', `<img/${image}/onerror=x()/alt=a>`, '', null],
  ['a broken image with an event', '<img src=x onerror=alert(1)>', '', '<img> without'],
  ['a script address', '<a href="javascript:alert(1)">a</a>', 'a', '<a> without'],
  ['a script address with a tab', '<a href="java\tscript:alert(1)">a</a>', 'a', '<a> without'],
  ['a script address in entities', '<a href="&#106;avascript:x()">a</a>', 'a', '<a> without'],
  ['a script address behind a control', '<a href="\u0001javascript:x()">a</a>', 'a', '<a> without'],
  ['a data address', '<a href="data:text/html,<script>x()</script>">a</a>', 'a', '<a> without'],
  ['a data image', '<img src="data:image/svg+xml,<svg onload=x()>" alt="">', '', '<img> without'],
  ['an address without a scheme', '<a href="//evil.example">a</a>', 'a', '<a> without'],
  ['an address of this site', '<a href="/sales/x">a</a>', 'a', '<a> without'],
  ['an address by http', '<a href="http://shop.example">a</a>', 'a', '<a> without'],
  ['an address with a password', '<a href="https://shop@evil.example">a</a>', 'a', '<a> without'],
  ['a drawing', '<svg onload=alert(1)><circle></svg>a', 'a', '<svg>'],
  ['a drawing with a script', '<svg><script>alert(1)</script></svg>a', 'a', '<svg>'],
  [
    'a drawing with a style',
    '<svg></p><style><a id="</style><img src=1 onerror=x()>">',
    '',
    '<svg>',
  ],
  [
    'a formula that mutates',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x()&gt;">',
    '',
    '<math>',
  ],
  [
    'a form in a form',
    '<form><math><mtext></form><form><mglyph><style></math><img src onerror=x()>',
    '',
    '<form>',
  ],
  [
    'text without scripts',
    '<noscript><p title="</noscript><img src=x onerror=x()>"></noscript>',
    '',
    '<noscript>',
  ],
  ['a template', '<template><img src=x onerror=x()></template>a', 'a', '<template>'],
  ['a text area', '<textarea><img src=x onerror=x()></textarea>a', 'a', '<textarea>'],
  ['an old example', '<xmp><img src=x onerror=x()></xmp>a', 'a', '<xmp>'],
  ['a title', '<title><img src=x onerror=x()></title>a', 'a', '<title>'],
  ['a frame', '<iframe src="https://evil.example"></iframe>a', 'a', '<iframe>'],
  ['a frame by its source', '<iframe srcdoc="<script>x()</script>"></iframe>a', 'a', '<iframe>'],
  ['an object', '<object data="x.swf"></object><embed src=x>a', 'a', '<object>'],
  ['a form', '<form action="https://evil.example"><input name=card></form>a', 'a', '<form>'],
  ['a base', '<base href="https://evil.example/">a', 'a', '<base>'],
  ['a refresh', '<meta http-equiv=refresh content="0;url=https://evil.example">a', 'a', '<meta>'],
  ['a style sheet', '<style>body{display:none}</style>a', 'a', '<style>'],
  ['a linked style sheet', '<link rel=stylesheet href=https://x.example/x.css>a', 'a', '<link>'],
  ['a style', '<p style="position:fixed;inset:0">a</p>', '<p>a</p>', 'style of <p>'],
  ['a class and an id', '<p class="card" id="room">a</p>', '<p>a</p>', 'class of <p>'],
  ['a heading of the page', '<h1>a</h1>', 'a', '<h1>'],
  ['a target', '<a target=_top href="https://a.example/">a</a>', '>a</a>', 'target of <a>'],
  ['a relation', '<a rel=opener href="https://a.example/">a</a>', 'rel="noopener nofollow"', null],
  ['a conditional comment', '<!--[if IE]><script>x()</script><![endif]-->a', 'a', 'comments'],
  ['a comment that ends early', '<!--><img src=x onerror=x()>-->a', 'a', 'comments'],
  ['an end of what it stands in', '</section></main></body>a', 'a', null],
  [
    'an attribute with quotes',
    "<p title='\"><img src=x onerror=x()>'>a</p>",
    '<p>a</p>',
    'title of <p>',
  ],
  [
    'an alternative text with quotes',
    `<img ${image} alt='"><img src=x onerror=x()>'>`,
    'alt="&quot;',
    null,
  ],
  ['a size with more in it', `<img ${image} alt="" width="1 onerror=x()">`, 'alt=""', null],
  ['text that looks like a tag', '&lt;script&gt;x()&lt;/script&gt;', '&lt;script&gt;', null],
  ['entities of entities', '&amp;lt;script&amp;gt;', '&amp;lt;script&amp;gt;', null],
  ['what is nested without end', '<blockquote>'.repeat(900), '<blockquote>', null],
];

describe('nasty HTML', () => {
  it.each(nasty)('%s does nothing', (_what, html, left, told) => {
    const cleaned = cleanHtml(html);
    expectHarmless(cleaned.html);
    expect(cleaned.html).toContain(left);
    expect(cleaned.html).not.toMatch(/onerror=x\(\)[^&]*>/);
    if (told !== null) expect(cleaned.removed.join('\n')).toContain(told);
    expect(cleanHtml(cleaned.html)).toEqual({ html: cleaned.html, removed: [] });
  });

  it('of any make-up comes out harmless, and stays as it is when it is cleaned again', () => {
    const piece = fc.constantFrom(
      ...['<', '>', '/', '"', "'", '=', ' ', '&', '&lt;', '<!--', '-->', '<![CDATA[', ']]>', '\0'],
      ...['p', 'a', 'img', 'svg', 'math', 'style', 'script', 'table', 'td', 'noscript', 'li'],
      ...['href', 'src', 'alt', 'onerror', 'https://a.example/', 'javascript:x()', 'text', '</p>'],
      ...[
        '<p>',
        '<a href="https://a.example/">',
        `<img ${image} alt="a">`,
        '</a>',
        '<table>',
        '<b>',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { html } = cleanHtml(pieces.join(''));
        expectHarmless(html);
        expect(cleanHtml(html)).toEqual({ html, removed: [] });
      }),
      { numRuns: 2_000 },
    );
  });
});

it('what is allowed stays as it was written, and nothing is told', () => {
  const html =
    '<h2>Welcome</h2><p>To <strong>us</strong>, <em>all</em> of you:<br />' +
    '<a href="https://shop.example/help?a=1&amp;b=2" rel="noopener nofollow">help</a> and ' +
    '<a href="mailto:us@shop.example" rel="noopener nofollow">mail</a></p>' +
    '<ul><li>one</li></ul><ol><li>two</li></ol><blockquote>three</blockquote>' +
    `<img ${image} alt="A &lt;pen&gt;" width="320" height="200" loading="lazy" decoding="async" />` +
    '<table><caption>Sizes</caption><thead><tr><th scope="col">S</th></tr></thead>' +
    '<tbody><tr><td>36 &amp; 38</td></tr></tbody></table><h3>日本語</h3><h4>العربية</h4>';
  expect(cleanHtml(html)).toEqual({ html, removed: [] });
});

it('bold and italic are said as strong and emphasised, and what was left open is closed', () => {
  expect(cleanHtml('<b>a</b> <i>b')).toEqual({
    html: '<strong>a</strong> <em>b</em>',
    removed: [],
  });
});

it('no more than twenty things are told, each once', () => {
  const many = Array.from({ length: 50 }, (_, i) => `<x-${i}><p onclick=x()>`).join('');
  const { removed } = cleanHtml(many);
  expect(removed).toHaveLength(20);
  expect(removed.filter((one) => one === 'onclick of <p>')).toHaveLength(1);
});
