import { inlineStyle } from '@fairgate/shared/pages/style.ts';
import { themeCss } from '@fairgate/shared/pages/theme.ts';

/** What the pages of the checkout need beside the theme that all pages of a sale share. */
const ownCss = `
.choices{border:0;margin:0 0 1rem;padding:0;min-width:0}
.choices legend{font-weight:600;padding:0}
.choice{border-top:1px solid var(--line);padding:.7rem 0;cursor:pointer}
.choice>span{font-weight:400;margin:0;overflow-wrap:anywhere}
.choice input{flex:none;width:1.5rem;height:1.5rem;margin:0}
.choice strong{display:block}
button{vertical-align:top}
button[aria-disabled=true]{opacity:.55;cursor:default}
.field>.hint{font-weight:400}
.hint{display:block;font-size:.9rem;color:var(--muted);margin-top:.25rem}
.units{font:.8rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere;margin:.2rem 0 0}
.total{border-top:1px solid var(--line);margin:1rem 0 0;padding-top:1rem}
.ways{margin:0 0 1.25rem;align-items:flex-start}
.ways form,.timing form{margin:0}
.timing p:last-child{margin:0}
.notice .button-quiet,.notice .hint{color:inherit}
.notice:focus{outline:3px solid var(--accent)}
input[aria-invalid=true]{border-color:var(--bad);border-width:2px}
.notice:empty{display:none}
.unknown{visibility:hidden}
.late{overflow:hidden}
@media (scripting:enabled){.late{animation:late 0s 4s backwards}
@keyframes late{from{visibility:hidden;max-height:0;margin:0;padding-block:0}}}
html{scroll-padding-bottom:9rem}
.notes{position:sticky;bottom:0;z-index:1}
.notes .notice{margin:0 0 .5rem;box-shadow:0 0 0 1px var(--line),var(--shadow)}
@media (max-height:30rem){html{scroll-padding-bottom:0}.notes{position:static}}
.notice-warn{border-color:var(--warn)}
summary{cursor:pointer;padding:.7rem 0}
summary.button{padding:.7rem 1.3rem;list-style:none}
summary.button::-webkit-details-marker{display:none}
details[open]>summary.button{margin-bottom:.8rem}
time{font-weight:650;font-variant-numeric:tabular-nums;unicode-bidi:isolate}
code{overflow-wrap:anywhere}
@media print{details,.notice,.timing{display:none!important}
.card{break-inside:avoid}.units{font-size:1rem}}
`;

export const checkoutStyle = inlineStyle(themeCss + ownCss);
