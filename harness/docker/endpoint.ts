// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { parseJson, readJson } from '../util/json.js';

/** What TLS needs, as PEM. */
export interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Where a Docker engine listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly socketPath: string; readonly shown: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls: Tls | null;
      readonly shown: string;
    };

/** The variables that say which engine is meant; the rest of the environment does not count. */
export type DockerEnvironment = Readonly<Record<string, string | undefined>>;

/** ~/.docker/config.json, of which one field counts. */
const Config = z.looseObject({ currentContext: z.string().optional() });
/** contexts/meta/HASH/meta.json (docker/cli, cli/context/store/metadata_test.go). */
const Meta = z.looseObject({
  Name: z.string(),
  Endpoints: z.looseObject({
    docker: z.looseObject({ Host: z.string().optional(), SkipTLSVerify: z.boolean().optional() }),
  }),
});

const bad = (observed: string, action: string): DmraceError =>
  new DmraceError('environment', { observed, action });

/**
 * An address as DOCKER_HOST has it: `unix:///path`, `tcp://host:port` or `host:port`.
 * @throws DmraceError (environment) for `ssh://` and whatever else it does not know.
 */
export function parseHost(host: string, tls: Tls | null): Endpoint {
  const text = host.includes('://') ? host : `tcp://${host}`;
  if (text.startsWith('unix://')) {
    const socketPath = text.slice('unix://'.length) || '/var/run/docker.sock';
    return { kind: 'unix', socketPath, shown: `unix://${socketPath}` };
  }
  if (text.startsWith('ssh://')) {
    throw bad(
      `the Docker engine is at ${text}; ssh is not supported`,
      'forward its socket (ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix:///tmp/engine.sock DMRACE_DOCKER_REMOTE=1',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'tcp:' || url.hostname === '') {
    throw bad(
      `"${host}" is not the address of a Docker engine`,
      'set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT, or unset it',
    );
  }
  const port = url.port === '' ? (tls ? 2376 : 2375) : Number(url.port);
  return { kind: 'tcp', host: url.hostname, port, tls, shown: `tcp://${url.hostname}:${port}` };
}

async function pems(folder: string): Promise<Tls> {
  const read = (name: string): Promise<Buffer | undefined> =>
    readFile(path.join(folder, name)).catch(() => undefined);
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

/** The endpoint of a context of the docker command. @throws DmraceError (environment). */
async function contextEndpoint(folder: string, name: string): Promise<Endpoint> {
  // docker/cli, cli/context/store/store.go: the folder is the SHA-256 of the name.
  const id = createHash('sha256').update(name).digest('hex');
  const file = path.join(folder, 'contexts', 'meta', id, 'meta.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) {
    throw bad(`there is no Docker context "${name}" (no ${file})`, 'see docker context ls');
  }
  const meta = parseJson(text, Meta);
  const docker = meta.ok ? meta.value.Endpoints.docker : undefined;
  const host = docker?.Host;
  if (host === undefined) {
    throw bad(`the Docker context "${name}" names no engine (${file})`, 'see docker context ls');
  }
  if (docker?.SkipTLSVerify === true) {
    throw bad(
      `the Docker context "${name}" wants its engine's certificate unchecked; dmrace does not do that`,
      'give the context the CA of the engine, or use another',
    );
  }
  const tls = await pems(path.join(folder, 'contexts', 'tls', id, 'docker'));
  return parseHost(host, tls.ca || tls.cert ? tls : null);
}

/**
 * The engine that the docker command would talk to: DOCKER_HOST, else DOCKER_CONTEXT, else the
 * current context of its config.json, else the usual sockets (docker/cli, cli/command/cli.go,
 * resolveContextName).
 * @throws DmraceError (environment) when that is nothing dmrace can use.
 */
export async function resolveEndpoint(env: DockerEnvironment, home: string): Promise<Endpoint> {
  const folder = env.DOCKER_CONFIG || path.join(home, '.docker');
  if (env.DOCKER_HOST) {
    const checked = Boolean(env.DOCKER_TLS_VERIFY);
    return parseHost(
      env.DOCKER_HOST,
      checked || env.DOCKER_CERT_PATH ? await pems(env.DOCKER_CERT_PATH || folder) : null,
    );
  }
  const config = await readJson(path.join(folder, 'config.json'), Config);
  const name = env.DOCKER_CONTEXT || config?.currentContext;
  if (name !== undefined && name !== 'default') return contextEndpoint(folder, name);
  const candidates = [
    '/var/run/docker.sock',
    ...(env.XDG_RUNTIME_DIR ? [path.join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    path.join(folder, 'run', 'docker.sock'),
  ];
  for (const socketPath of candidates) {
    if (await stat(socketPath).catch(() => null)) return parseHost(`unix://${socketPath}`, null);
  }
  return parseHost(`unix://${candidates[0]}`, null);
}
