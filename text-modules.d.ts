/** Lua scripts are text modules: wrangler bundles them so, vitest by a plugin of vitest.config.ts. */
declare module '*.lua' {
  const text: string;
  export default text;
}

/** Scripts of pages as `npm run pages` made them. */
declare module '*.txt' {
  const text: string;
  export default text;
}
