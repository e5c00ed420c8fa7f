import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { z } from 'zod';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import {
  type ApiDocument,
  type DocumentedOperation,
  type Json,
  pathForm,
  pointed,
  readDocument,
} from './openapi-document.ts';

/**
 * All that is wrong with an OpenAPI 3.1 document: by the specification's own schema, and by what
 * that cannot say (references, path parameters, ids, schemes), or we ask for (no `default` answer).
 */
export function documentFaults(document: unknown): string[] {
  const api = readDocument(document);
  return [
    ...specificationFaults(api.json),
    ...referenceFaults(api.json),
    ...api.operations.flatMap(operationFaults),
    ...idFaults(api),
    ...schemeFaults(api),
    ...twice(api.operations.map(({ method, path }) => `${method} ${pathForm(path)}`)),
  ];
}

/**
 * The schema of the OpenAPI Initiative (branch v3.1-dev, Apache-2.0), kept beside this file. It
 * leaves schemas to their dialect by a dynamic reference, which is fixed to JSON Schema's here.
 */
function specificationFaults(json: Json): string[] {
  const file = join(repositoryFolder, 'e2e', 'support', 'openapi-3.1.schema.yaml');
  const text = readFileSync(file, 'utf8')
    .replaceAll('$dynamicRef: "#meta"', '$ref: https://json-schema.org/draft/2020-12/schema')
    .replace('$dynamicAnchor: meta', '');
  const schema: object = parse(text);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('media-range', /^[^/\s]+\/[^/\s]+$/);
  const isValid = ajv.compile(schema);
  if (isValid(json)) return [];
  return (isValid.errors ?? []).map((it) => `${it.instancePath} ${it.message}`);
}

function referenceFaults(node: unknown, json = node): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { $ref } = z.looseObject({ $ref: z.unknown() }).parse({ $ref: undefined, ...node });
  const faults = Object.values(node).flatMap((inner) => referenceFaults(inner, json));
  if (typeof $ref !== 'string') return faults;
  try {
    pointed(z.record(z.string(), z.unknown()).parse(json), $ref);
    return faults;
  } catch {
    return [...faults, `${$ref} names nothing`];
  }
}

function operationFaults({ name, path, parameters, answers }: DocumentedOperation): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, it]) => it ?? '');
  const declared = parameters.filter((it) => it.in === 'path').map((it) => it.name);
  const faults = [
    ...inPath.filter((it) => !declared.includes(it)).map((it) => `{${it}} is not declared`),
    ...declared.filter((it) => !inPath.includes(it)).map((it) => `{${it}} is not in the path`),
    ...twice(parameters.map((it) => `the ${it.in} parameter ${it.name}`)),
  ];
  if (!answers.some(({ status }) => status < 400)) faults.push('no success is documented');
  for (const { status, slugs, content } of answers) {
    if (Number.isNaN(status)) faults.push('an answer is of no status');
    const isPage = content['text/html'] !== undefined;
    if (status >= 400 && slugs.length === 0 && !isPage) faults.push(`${status} names no problem`);
  }
  return faults.map((fault) => `${name}: ${fault}`);
}

const describedShape = z.looseObject({ operationId: z.string(), summary: z.string().min(1) });

function idFaults({ json, operations }: ApiDocument): string[] {
  const paths = z.record(z.string(), z.record(z.string(), z.unknown())).parse(json.paths);
  const ids: string[] = [];
  const faults: string[] = [];
  for (const { name, path, method } of operations) {
    const described = describedShape.safeParse(paths[path]?.[method.toLowerCase()]);
    if (described.success) ids.push(described.data.operationId);
    else faults.push(`${name}: has no operationId or no summary`);
  }
  return [...faults, ...twice(ids)];
}

const guardShape = z.looseObject({
  security: z.array(z.record(z.string(), z.unknown())).default([]),
});

function schemeFaults({ json }: ApiDocument): string[] {
  const { components } = z
    .looseObject({
      components: z.looseObject({ securitySchemes: z.record(z.string(), z.unknown()).default({}) }),
    })
    .parse({ ...json, components: json.components ?? {} });
  const items = z.record(z.string(), z.record(z.string(), z.unknown())).parse(json.paths);
  const holders = [json, ...Object.values(items).flatMap((item) => Object.values(item))];
  const named = holders.flatMap((it) => guardShape.safeParse(it).data?.security ?? []);
  const names = new Set(named.flatMap((it) => Object.keys(it)));
  return [...names]
    .filter((name) => components.securitySchemes[name] === undefined)
    .map((name) => `the security scheme ${name} is not declared`);
}

function twice(list: string[]): string[] {
  const doubles = list.filter((it, at) => list.indexOf(it) < at);
  return doubles.map((it) => `${it} is there twice`);
}
