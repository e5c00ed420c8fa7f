/** The script as text: wrangler.toml bundles `*.browser.js` so. */
declare const text: string;
export default text;
