import { posix } from 'node:path';

export type Violation = { file: string; line: number; rule: string; detail: string };

type Import = { specifier: string; line: number; isType: boolean };

/** A file of a workspace, and what its place says of it. */
type Place = {
  file: string;
  workspace: string;
  /** The folder under src/, if the file is in one: domain, app, adapters, http, … */
  layer: string | undefined;
  isTest: boolean;
};

type Target =
  /** A file of the repository, by its path from the root, e.g. `shared/src/room/keys.ts`. */
  { kind: 'own'; path: string; byName: boolean } | { kind: 'library'; name: string };

type Rule = { name: string; broken(from: Place, to: Target, isType: boolean): boolean };

const services = ['edge-worker', 'queue-service', 'checkout-service'];
const outerLayers = ['adapters', 'http', 'pages', 'console', 'gateway'];
const ioLibraries = [
  ...[
    'ioredis',
    'postgres',
    'pg',
    'drizzle-orm',
    'bullmq',
    'nodemailer',
    'hono',
    '@hono',
    'undici',
  ],
  ...['fs', 'net', 'http', 'https', 'http2', 'tls', 'dns', 'dgram', 'child_process', 'cluster'],
  ...['worker_threads', 'readline', 'cloudflare:sockets', 'cloudflare:workers'],
];

/** Who may import whom, as ARCHITECTURE.md has it. Tests may reach further, but not everywhere. */
const rules: Rule[] = [
  {
    name: 'domain imports nothing but @fairgate/shared and its own folder',
    broken: (from, to) =>
      inCode(from, 'domain') &&
      (to.kind === 'library' || !(workspaceOf(to.path) === 'shared' || isInLayer(from, to.path))),
  },
  {
    name: 'app imports no library of I/O',
    broken: (from, to) => inCode(from, 'app') && to.kind === 'library' && isIo(to.name),
  },
  {
    name: 'app imports no adapter, route or page',
    broken: (from, to) => inCode(from, 'app') && outerLayers.includes(layerOf(to) ?? ''),
  },
  {
    name: 'http imports no adapter',
    broken: (from, to) => inCode(from, 'http') && layerOf(to) === 'adapters',
  },
  {
    name: 'only main.ts and index.ts wire adapters',
    broken: (from, to) =>
      !from.isTest && from.layer !== 'adapters' && !wires(from) && layerOf(to) === 'adapters',
  },
  {
    name: 'gateway exists only at the edge',
    broken: (from, to) =>
      from.workspace !== 'edge-worker' && (layerOf(to) === 'gateway' || from.layer === 'gateway'),
  },
  {
    name: 'a service never imports a service',
    broken: (from, to) =>
      services.includes(from.workspace) &&
      to.kind === 'own' &&
      services.includes(workspaceOf(to.path)) &&
      workspaceOf(to.path) !== from.workspace,
  },
  {
    name: 'shared never imports a service',
    broken: (from, to) =>
      from.workspace === 'shared' && to.kind === 'own' && services.includes(workspaceOf(to.path)),
  },
  {
    name: 'e2e never reaches into a service',
    broken: (from, to) =>
      from.workspace === 'e2e' && to.kind === 'own' && services.includes(workspaceOf(to.path)),
  },
  {
    name: 'what is served never imports scripts or tests',
    broken: (from, to) =>
      !from.isTest &&
      [...services, 'shared'].includes(from.workspace) &&
      to.kind === 'own' &&
      ['scripts', 'e2e'].includes(workspaceOf(to.path)),
  },
  {
    name: 'the console has types alone of what runs in the service',
    broken: (from, to, isType) =>
      from.layer === 'console' &&
      !isType &&
      (to.kind === 'library' ? isIo(to.name) : layerOf(to) !== 'console' && !isPartOfIt(to.path)),
  },
  {
    name: 'another workspace is imported by its name',
    broken: (from, to) =>
      to.kind === 'own' &&
      !to.byName &&
      workspaceOf(to.path) === 'shared' &&
      from.workspace !== 'shared',
  },
];

/**
 * The imports of one source file that reach the wrong way, and reads of the environment outside
 * config.ts. `file` is the path from the root of the repository, with forward slashes.
 */
export function importViolations(file: string, source: string): Violation[] {
  const place = placeOf(file);
  const code = withoutComments(source);
  const wrongWay = importsOf(code).flatMap(({ specifier, line, isType }) => {
    const target = targetOf(file, specifier);
    return rules
      .filter((rule) => rule.broken(place, target, isType))
      .map((rule) => ({ file, line, rule: rule.name, detail: specifier }));
  });
  return [...wrongWay, ...environmentReads(place, code)];
}

const environment =
  /\bprocess\s*(?:\.|\?\.|\[['"])env\b|\benv\b[^;]*from\s*['"](?:node:process|cloudflare:workers)['"]/g;

function environmentReads(place: Place, code: string): Violation[] {
  const isFree = ['scripts', 'e2e'].includes(place.workspace) || !place.file.includes('/');
  if (isFree || place.isTest || place.file.endsWith('/config.ts')) return [];
  const reads = [...code.matchAll(environment)].filter(
    // main.ts may hand the whole of it to config.ts, unread.
    (match) => !(wires(place) && /^\)/.test(code.slice(match.index + match[0].length))),
  );
  return reads.map((match) => ({
    file: place.file,
    line: lineAt(code, match.index),
    rule: 'only config.ts reads the environment',
    detail: match[0],
  }));
}

const importForms = [
  /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require|createRequire\([^)]*\))\s*\(\s*['"]([^'"]+)['"]/g,
];

function importsOf(code: string): Import[] {
  return importForms
    .flatMap((form) => [...code.matchAll(form)])
    .map((match) => ({
      specifier: match[1] ?? '',
      line: lineAt(code, match.index),
      isType: /^\s*(?:import|export)\s+type\b/.test(match[0]),
    }));
}

/** Comments become blanks, so that lines keep their numbers; strings stay as they are. */
function withoutComments(source: string): string {
  const parts =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return source.replace(parts, (part) =>
    part.startsWith('/') ? part.replace(/[^\n]/g, ' ') : part,
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function placeOf(file: string): Place {
  return {
    file,
    workspace: workspaceOf(file),
    layer: /^[^/]+\/src\/([^/]+)\//.exec(file)?.[1],
    isTest: /\.test\.ts$|^[^/]+\/(?:test|src\/testing)\//.test(file),
  };
}

function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith('.')) {
    const path = posix.join(posix.dirname(file), specifier);
    return { kind: 'own', path, byName: false };
  }
  const named = /^@fairgate\/([^/]+)\/?(.*)$/.exec(specifier);
  if (named === null) return { kind: 'library', name: specifier.replace(/^node:/, '') };
  return { kind: 'own', path: `${named[1]}/src/${named[2]}`, byName: true };
}

function isIo(library: string): boolean {
  return ioLibraries.some((name) => library === name || library.startsWith(`${name}/`));
}

/** The files that put a service together. */
function wires(place: Place): boolean {
  return /\/(main|index)\.ts$/.test(place.file);
}

/** What is shared with browsers: tables, words, and no library. */
const forBrowsers = [
  'shared/src/appearance/colours.ts',
  'shared/src/appearance/text-groups.ts',
  'shared/src/words/',
];

/** Files of the console that lie beside its folders, and what runs in browsers anyway. */
function isPartOfIt(path: string): boolean {
  return ['queue-service/src/console/', ...forBrowsers].some((place) => path.startsWith(place));
}

function inCode(from: Place, layer: string): boolean {
  return from.layer === layer && !from.isTest;
}

function layerOf(to: Target): string | undefined {
  return to.kind === 'own' ? placeOf(to.path).layer : undefined;
}

function isInLayer(from: Place, path: string): boolean {
  return path.startsWith(`${from.workspace}/src/${from.layer}/`);
}

function workspaceOf(path: string): string {
  return path.split('/')[0] ?? '';
}
