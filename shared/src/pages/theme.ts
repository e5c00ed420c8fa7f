/**
 * The look that all pages of a sale share: tokens first, then what plain HTML gets of them, then
 * a few parts by class: `.wrap .bar .card .button .button-quiet .field .badge .notice .figure
 * .muted .list .row .grow .stack .hidden`. No page loads anything from elsewhere. `--line` only
 * divides: what is pressed or filled in is bordered by a colour that is seen (WCAG 2.2, 1.4.11).
 */
export const themeCss = `
:root{color-scheme:light dark;
--ground:#f7f7f5;--card:#fff;--ink:#1b1d22;--muted:#5c616c;--line:#dfe0e4;
--accent:#2b5bd7;--accent-ink:#fff;--accent-soft:#e8eefc;--good:#17703d;--warn:#8a5300;--bad:#b3261e;
--radius:14px;--gap:1rem;--shadow:0 1px 2px #0001,0 8px 24px #0000000f;
--font:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
@media (prefers-color-scheme:dark){:root{
--ground:#131418;--card:#1d1f25;--ink:#eceef2;--muted:#a3a9b6;--line:#33363f;
--accent:#8fb0ff;--accent-ink:#0d1630;--accent-soft:#222c47;--good:#6fd39a;--warn:#f0b65a;--bad:#ff8a80;
--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 var(--font)}
.wrap{max-width:44rem;margin:0 auto;padding:0 1.25rem}
main{overflow-wrap:anywhere}
main.wrap{padding-top:1.5rem;padding-bottom:3rem;outline:0}
.bar{padding-top:1.1rem;padding-bottom:1.1rem;font-weight:650;letter-spacing:-.01em}
.bar a{color:inherit;text-decoration:none}
h1,h2,h3{line-height:1.2;letter-spacing:-.02em;margin:0 0 .5rem;text-wrap:balance}
h1{font-size:clamp(1.6rem,5vw,2.2rem)}h2{font-size:1.25rem}h3{font-size:1.05rem}
p{margin:0 0 .8rem}
a{color:var(--accent)}
img{max-width:100%;height:auto;border-radius:10px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:6px}
h1:focus,h2:focus{outline:none}
.card{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);
padding:1.4rem;box-shadow:var(--shadow);margin:0 0 1.25rem}
.stack>*+*{margin-top:var(--gap)}
.row{display:flex;gap:var(--gap);align-items:center;flex-wrap:wrap}
.grow{flex:1 1 12rem;min-width:0}
.muted{color:var(--muted)}
.list{list-style:none;margin:0;padding:0}
.button,button{font:inherit;font-weight:600;border:1px solid transparent;border-radius:10px;
padding:.7rem 1.3rem;background:var(--accent);color:var(--accent-ink);cursor:pointer;
display:inline-block;text-decoration:none}
.button:hover,button:hover{filter:brightness(1.07)}
button:disabled{opacity:.55;cursor:default}
.button-quiet,button.button-quiet{background:transparent;color:var(--muted);border-color:currentColor}
.field{display:block;margin:0 0 1rem}
.field>span,label>span{display:block;font-weight:600;margin-bottom:.25rem}
input,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--muted);
border-radius:10px;padding:.6rem .75rem;width:100%;max-width:24rem}
.badge{display:inline-block;font-size:.8rem;font-weight:650;padding:.15rem .6rem;border-radius:99px;
background:var(--accent-soft);color:var(--accent)}
.notice{border-inline-start:4px solid var(--accent);background:var(--accent-soft);border-radius:8px;
padding:.7rem 1rem;margin:0 0 1rem}
.notice-bad{border-color:var(--bad)}
.figure{font-size:clamp(2.4rem,11vw,3.6rem);font-weight:700;letter-spacing:-.03em;line-height:1.05;
font-variant-numeric:tabular-nums}
.hidden,[hidden]{display:none!important}
.unseen,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{display:inline-block;padding:.6rem 1rem}
.foot{padding-bottom:3rem;color:var(--muted);font-size:.9rem}
.foot summary{padding:.3rem 0}
.tongues{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1rem}
.tongues a{display:inline-block;padding:.25rem 0}
.bar img{display:block;height:2.5rem;max-width:100%;width:auto;object-fit:contain;border-radius:0}
@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--muted:#333;--line:#999;--shadow:none}
form,.foot,.skip,.no-print,button{display:none!important}}
@media (prefers-reduced-motion:no-preference){.pulse{animation:pulse 2.4s ease-in-out infinite}
@keyframes pulse{50%{opacity:.55}}}
`;
