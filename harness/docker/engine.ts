// SPDX-License-Identifier: MIT
import Docker from 'dockerode';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { inTime } from '../util/deadline.js';
import type { Endpoint } from './endpoint.js';
import { explainDocker } from './errors.js';

/** The oldest Engine API that dmrace was tried with: Docker 20.10. */
export const OLDEST_API = '1.41';

const Version = z.looseObject({ Version: z.string(), ApiVersion: z.string() });
const Info = z.looseObject({
  SecurityOptions: z.array(z.string()).nullish(),
  OSType: z.string(),
  Architecture: z.string(),
});
const Networks = z.array(z.looseObject({ Name: z.string() }));

/** An engine that answered, with what decides how its containers are made. */
export interface Engine {
  readonly docker: Docker;
  readonly shown: string;
  readonly version: string;
  /** Containers do not see this machine's files: everything goes through the API. */
  readonly remote: boolean;
  /** Its root is an ordinary user of its machine (rootless Docker, podman). */
  readonly rootless: boolean;
  /** User ids are mapped (userns-remap). */
  readonly userns: boolean;
  readonly selinux: boolean;
  /** The usual bridge network is there. */
  readonly bridge: boolean;
}

/** Whether an Engine API version is older than another; both are MAJOR.MINOR. */
export function olderApi(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major !== thanMajor ? major < thanMajor : minor < thanMinor;
}

function client(endpoint: Endpoint): Docker {
  // Everything is given: docker-modem would otherwise fill in from DOCKER_HOST by itself.
  if (endpoint.kind === 'unix') {
    return new Docker({ socketPath: endpoint.socketPath, protocol: 'http', host: undefined });
  }
  return new Docker({
    socketPath: undefined,
    host: endpoint.host,
    port: endpoint.port,
    protocol: endpoint.tls ? 'https' : 'http',
    ...endpoint.tls,
  });
}

/**
 * Asks an engine who it is.
 * @param forcedRemote treat it as one that does not see this machine's files.
 * @param deadlineMs how long it may take to answer.
 * @throws DmraceError (environment): nobody there, no permission, too old, not Linux.
 */
export async function connect(
  endpoint: Endpoint,
  forcedRemote: boolean,
  deadlineMs = 10_000,
): Promise<Engine> {
  const docker = client(endpoint);
  const { shown } = endpoint;
  // dockerode takes no signal for these calls.
  const soon = <T>(answer: Promise<T>): Promise<T> => inTime(answer, deadlineMs);
  try {
    const version = Version.parse(await soon(docker.version()));
    if (olderApi(version.ApiVersion, OLDEST_API)) {
      throw new DmraceError('environment', {
        observed: `the Docker engine at ${shown} speaks API ${version.ApiVersion} (Docker ${version.Version})`,
        limit: `${OLDEST_API}, Docker 20.10, or newer`,
        action: 'update the engine, or run without --docker',
      });
    }
    const info = Info.parse(await soon(docker.info()));
    if (info.OSType !== 'linux' || info.Architecture !== 'x86_64') {
      throw new DmraceError('environment', {
        observed: `the Docker engine at ${shown} runs ${info.OSType} containers on ${info.Architecture}`,
        limit: 'linux on x86_64: the image is built for nothing else',
        action: 'name another engine with DOCKER_HOST',
      });
    }
    const networks = Networks.parse(await soon(docker.listNetworks()));
    const options = info.SecurityOptions ?? [];
    const has = (name: string): boolean =>
      options.some((option) => option === `name=${name}` || option.startsWith(`name=${name},`));
    return {
      docker,
      shown,
      version: version.Version,
      remote: forcedRemote || endpoint.kind === 'tcp',
      rootless: has('rootless'),
      userns: has('userns'),
      selinux: has('selinux'),
      bridge: networks.some((network) => network.Name === 'bridge'),
    };
  } catch (error) {
    throw explainDocker(error, shown);
  }
}
