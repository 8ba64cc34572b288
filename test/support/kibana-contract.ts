import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenAPIRouter, OpenAPIValidator, type Document } from 'openapi-backend';
import { parse } from 'yaml';
import { isRecord } from '../../src/json';
import { findKibanaOpenapi } from './kibana-openapi';

// This resolver of references loads an ES module, which jest cannot; we resolve them ourselves.
jest.mock('openapi-backend/refparser', () => {
  const unused = (): never => {
    throw new Error('references are resolved in kibana-contract.ts');
  };
  return { dereference: unused, parse: unused, resolve: unused };
});

const PATHS =
  /^\/api\/(detection_engine\/(rules|index|tags|signals\/(search|status))|exception_lists|spaces\/space|status)/;

export interface ContractRequest {
  readonly method: string;
  /** Without the prefix of a space. */
  readonly path: string;
  readonly query: Record<string, string | string[]>;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

export interface Contract {
  /** Everything in which a request breaks the contract, and the keys of its body that the contract does not know. */
  check(request: ContractRequest): string[];
}

/**
 * Reads the description, cut to what is used. Parsing its YAML takes more than a second and each test file reads it, so the
 * first one leaves the cut as JSON in the folder for temporary files.
 */
function readCut(file: string): Record<string, unknown> {
  const yaml = readFileSync(file, 'utf8');
  const digest = createHash('sha256').update(`${PATHS.source}\n${yaml}`).digest('hex');
  const cache = join(tmpdir(), `wmi-detections-kibana-contract-${digest}.json`);
  if (existsSync(cache)) return JSON.parse(readFileSync(cache, 'utf8')) as Record<string, unknown>;
  const whole = parse(yaml) as Record<string, unknown>;
  const paths = isRecord(whole.paths) ? whole.paths : {};
  const cut = { ...whole, paths: Object.fromEntries(Object.entries(paths).filter(([path]) => PATHS.test(path))) };
  // Renamed when it is whole: another worker may read it at the same time.
  const own = `${cache}.${process.pid}`;
  writeFileSync(own, JSON.stringify(cut));
  renameSync(own, cache);
  return cut;
}

/**
 * Reads the description.
 * @throws Error when the document is not there
 */
export function readContract(): Contract {
  const found = findKibanaOpenapi(process.env);
  if ('missing' in found) throw new Error(found.missing);
  const cut = readCut(found.file);
  const schemas = schemasOf(cut);
  const definition = { ...cut, paths: resolved(cut.paths, schemas, new Map()), components: {} } as unknown as Document;
  const router = new OpenAPIRouter({ definition });
  const ajvOpts = { strict: false, validateFormats: false };
  const validator = new OpenAPIValidator({
    definition,
    router,
    ajvOpts,
    coerceTypes: true,
    lazyCompileValidators: true,
  });
  return {
    check(request) {
      const operation = router.matchOperation(request);
      if (operation?.operationId === undefined) return [`${request.method} ${request.path} is not in the contract`];
      const { errors } = validator.validateRequest(request, operation);
      const known = (operation.parameters ?? []).flatMap((parameter) =>
        'in' in parameter && parameter.in === 'query' ? [parameter.name] : [],
      );
      const unknownQuery = Object.keys(request.query).filter((name) => !known.includes(name));
      return [
        ...(errors ?? []).map(({ instancePath, message }) => `[request] ${instancePath}: ${message ?? 'wrong'}`),
        ...unknownQuery.map((name) => `[request query] ${name} is not in the contract`),
        ...unknownKeys(request, schemas),
      ];
    },
  };
}

/** The names of the schemas of the bodies, whose keys Kibana would drop in silence if they were misspelt. */
const BODIES: Readonly<Record<string, string>> = {
  eql: 'Security_Detections_API_EqlRuleCreateProps',
  query: 'Security_Detections_API_QueryRuleCreateProps',
};

function unknownKeys({ path, body }: ContractRequest, schemas: Record<string, unknown>): string[] {
  if (path !== '/api/detection_engine/rules' || !isRecord(body)) return [];
  const known = keysOf(schemas[BODIES[String(body.type)] ?? ''], schemas);
  return Object.keys(body)
    .filter((key) => !known.has(key))
    .map((key) => `[request body] ${key} is not in the contract`);
}

function keysOf(schema: unknown, schemas: Record<string, unknown>): Set<string> {
  if (!isRecord(schema)) return new Set();
  if (typeof schema.$ref === 'string')
    return keysOf(schemas[schema.$ref.replace('#/components/schemas/', '')], schemas);
  const own = isRecord(schema.properties) ? Object.keys(schema.properties) : [];
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  return new Set([...own, ...parts.flatMap((part) => [...keysOf(part, schemas)])]);
}

function schemasOf({ components }: Record<string, unknown>): Record<string, unknown> {
  return isRecord(components) && isRecord(components.schemas) ? components.schemas : {};
}

/** Every reference replaced by what it refers to; within itself by anything at all. */
function resolved(value: unknown, schemas: Record<string, unknown>, done: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => resolved(item, schemas, done));
  if (!isRecord(value)) return value;
  const name = typeof value.$ref === 'string' ? value.$ref.replace('#/components/schemas/', '') : undefined;
  if (name === undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolved(member, schemas, done)]));
  }
  if (!done.has(name)) {
    done.set(name, {});
    done.set(name, resolved(schemas[name] ?? {}, schemas, done));
  }
  const found = done.get(name);
  // Kibana means `nullable` beside a reference, which OpenAPI 3.0 would have ignored: an action's `throttle` is null by default.
  return value.nullable === true ? { anyOf: [{ enum: [null] }, found] } : found;
}
