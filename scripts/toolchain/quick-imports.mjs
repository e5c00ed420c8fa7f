import { registerHooks } from 'node:module';

// For `node --import`. drizzle-orm's package.json has 179 KB, and Node parses all of it for each of
// the package's modules, to see that it is an ES module: a second of every start. What the package's
// own modules import of each other is known without it.

registerHooks({
  resolve(specifier, context, nextResolve) {
    const { parentURL } = context;
    const isOwn = /^\.{1,2}\/.+\.js$/.test(specifier);
    if (!isOwn || !parentURL?.includes('/node_modules/drizzle-orm/')) {
      return nextResolve(specifier, context);
    }
    return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true };
  },
});
