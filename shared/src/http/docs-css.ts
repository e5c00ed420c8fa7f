/** Of `docsPage`: dark or light as the reader has it, and for paper. */
export const docsCss = `
:root {
  color-scheme: light dark;
  background: light-dark(#fff, #14161a);
  color: light-dark(#1b1d22, #e8eaee);
  --line: color-mix(in srgb, currentColor 22%, transparent);
  --soft: light-dark(#f1f2f5, #20242b);
}
* { box-sizing: border-box; }
a { color: light-dark(#0b4fb8, #9cc4ff); }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.8rem; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
p { margin: .4rem 0; max-width: 75ch; }
code { font: .9em ui-monospace, monospace; overflow-wrap: break-word; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dd { margin: 0; }
nav { margin: 1.5rem 0; padding: 1rem; background: var(--soft); border-radius: .5rem; }
nav ul { columns: 24rem; margin: 0; padding: 0; list-style: none; font: .9rem/1.8 ui-monospace, monospace; }
nav li { overflow-wrap: anywhere; break-inside: avoid; }
section { border-top: 2px solid var(--line); padding: 1.25rem 0 2rem; }
.lead { font-weight: 600; }
.needed { font-size: .8rem; font-weight: 600; white-space: nowrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
td { min-width: 7rem; }
pre { margin: 0; padding: .75rem 1rem; background: var(--soft); border-radius: .5rem; overflow-x: auto; }
pre code { overflow-wrap: normal; }
summary { cursor: pointer; margin-top: .75rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
@media print {
  :root { color-scheme: light; }
  nav { display: none; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  section, tr, pre { break-inside: avoid-page; }
  section { break-inside: auto; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
