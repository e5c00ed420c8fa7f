/** Lua scripts are text modules: wrangler bundles them so, vitest by a plugin of vitest.config.ts. */
declare module '*.lua' {
  const text: string;
  export default text;
}
