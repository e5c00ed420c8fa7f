import { themeCss } from '@fairgate/shared/pages/theme.ts';

/**
 * The style sheet of the edge's pages. `.when`: times that become the reader's own move the words
 * beside them, so they are seen from then on, or when no script has come.
 */
export const edgeCss = `${themeCss}
.badge-open{background:var(--good);color:var(--card)}
.badge-closed,.badge-sold_out{background:var(--line);color:var(--muted)}
.place{text-align:center}
.place .figure{overflow-wrap:anywhere;margin:.6rem 0 .2rem}
.place form{margin-top:1rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.5rem,1fr));gap:1rem;margin:1.4rem 0 1rem;
padding:1.2rem 0 0;border-top:1px solid var(--line)}
.facts dt{font-size:.85rem;color:var(--muted)}
.facts dd{margin:0;font-weight:650;font-variant-numeric:tabular-nums}
.turn{border-color:var(--good);border-width:2px}
.product{border-top:1px solid var(--line);padding:1rem 0}
.product:first-child{border-top:0;padding-top:0}
.product:last-child{padding-bottom:0}
.product img{width:5rem;height:5rem;object-fit:cover}
.product p{margin:0}
progress{width:100%;max-width:20rem;accent-color:var(--accent)}
.small{font-size:.9rem}
.quiet summary,.pass summary,.tell summary{color:var(--muted);padding:.3rem 0}
.place details{margin-top:.8rem}
.place .field{text-align:start;max-width:24rem;margin:.6rem auto}
.tell{border-top:1px solid var(--line);padding-top:.6rem;text-align:start}
.tell .button-quiet{padding:.4rem .9rem}
.check{display:flex;gap:.6rem;align-items:center;padding:.35rem 0}
.check input{width:1.4rem;height:1.4rem;flex:none}
.check span{font-weight:400;margin:0}
#net{position:fixed;inset-inline:0;bottom:0;margin:0;z-index:1;border-radius:0;background:var(--card);
border:2px solid var(--bad);max-height:50vh;overflow:auto}
.own img{display:block}
@media (scripting:enabled){#room:not([data-own]) .when{visibility:hidden;animation:late 0s 4s forwards}
@keyframes late{to{visibility:visible}}}
.preview .when{visibility:visible!important}
@media (scripting:none){[data-countdown],.scripted{display:none!important}}
`;

/** Of the catalogue alone. */
export const catalogueCss = `
.sales li{display:block;margin:0 0 1rem}
.sales a.card{display:block;color:inherit;text-decoration:none;margin:0}
.sales a.card:hover{border-color:var(--accent)}
.sales .row{margin:0}
.more{text-align:center}
.sales strong.name{display:block;font-size:1.15rem;line-height:1.3;margin-bottom:.3rem}
.sales img{width:5rem;height:5rem;object-fit:cover}
@media (min-height:24rem){html{scroll-padding-bottom:4rem}
.foot.near{position:sticky;bottom:0;background:var(--ground);border-top:1px solid var(--line);
padding-top:.3rem;padding-bottom:.3rem;max-height:60vh;overflow:auto}}
`;

/** Of previews alone. */
export const previewCss = `
fieldset.preview{border:0;margin:0;padding:0;min-width:0}
.preview .figure[data-countdown]{display:block!important}
.preview button:disabled{opacity:1;cursor:not-allowed}
.preview-bar{border:2px dashed var(--warn)}
.preview-bar ul{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;margin:0 0 .6rem;padding:0}
.preview-bar li a{display:block;padding:.25rem .6rem;border:1px solid var(--muted);border-radius:99px;
text-decoration:none;font-size:.9rem}
.preview-bar a[aria-current]{background:var(--accent);border-color:var(--accent);color:var(--accent-ink)}
.preview-bar .steps{display:flex;justify-content:space-between;gap:1rem;margin:0}
`;
