// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DmraceError } from '../../model/errors.js';

/** The variables of `--docker`; docs/docker.md describes them. */
const Settings = z.object({
  DMRACE_DOCKER_REMOTE: z.enum(['0', '1', '']).default('0'),
  DMRACE_DOCKER_NETWORK: z.string().default(''),
  DMRACE_DOCKER_MEMORY_MIB: z
    .union([z.literal(''), z.string().regex(/^\d+$/, 'not a whole number')])
    .default(''),
});

/** How containers are wanted. */
export interface DockerSettings {
  readonly remote: boolean;
  readonly network: string | null;
  readonly memoryMiB: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws DmraceError (usage) that names every bad variable. */
export function dockerSettings(env: Environment): DockerSettings {
  const parsed = Settings.safeParse(env);
  if (!parsed.success) {
    throw new DmraceError('usage', {
      observed: parsed.error.issues
        .map(({ path, message }) => `${String(path[0])} "${env[String(path[0])]}": ${message}`)
        .join('; '),
      action: 'see docs/docker.md',
    });
  }
  const { data } = parsed;
  return {
    remote: data.DMRACE_DOCKER_REMOTE === '1',
    network: data.DMRACE_DOCKER_NETWORK || null,
    memoryMiB: data.DMRACE_DOCKER_MEMORY_MIB ? Number(data.DMRACE_DOCKER_MEMORY_MIB) : null,
  };
}

const HANDED_ON =
  /^(CI|NO_COLOR|FORCE_COLOR|COLUMNS|TZ|GITHUB_ACTIONS|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/;

/** Variables of this machine that the inner program gets: dmrace's own but those about Docker. */
export function handedOn(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const own = name.startsWith('DMRACE_') && !/^DMRACE_(DOCKER|CACHE_DIR|TIED)/.test(name);
    if (own || HANDED_ON.test(name)) kept[name] = value;
  }
  return kept;
}
