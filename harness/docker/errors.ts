// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';

const Coded = z.looseObject({ code: z.string() });

const words = (error: unknown): string =>
  error instanceof Error ? error.message.trim() : String(error);

/**
 * What the engine or the way to it said, as an error for the user. Pure: the same facts give the
 * same words. Interrupts pass unchanged.
 */
export function explainDocker(error: unknown, shown: string): unknown {
  if (error instanceof DmraceError) return error;
  const code = Coded.safeParse(error).data?.code ?? '';
  const say = (observed: string, action: string): DmraceError =>
    new DmraceError('environment', { observed, action });
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ETIMEDOUT':
      return say(
        `no Docker engine answers at ${shown} (${code})`,
        'start it, or name another with DOCKER_HOST or DOCKER_CONTEXT',
      );
    case 'EACCES':
    case 'EPERM':
      return say(
        `no permission to talk to the Docker engine at ${shown} (${code})`,
        'become a member of the group that owns the socket (usually: sudo usermod -aG docker $USER, then log in again)',
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return say(
        `the Docker engine at ${shown} closed the connection (${code})`,
        'see whether it still runs, then run again',
      );
    default:
  }
  if (error instanceof z.ZodError) {
    return say(
      `what answers at ${shown} is no Docker engine that dmrace understands: ${z.prettifyError(error)}`,
      'check DOCKER_HOST',
    );
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || code === 'ABORT_ERR')) {
    return say(
      `the Docker engine at ${shown} does not answer in time`,
      'see whether it hangs (docker info), or name another with DOCKER_HOST',
    );
  }
  const said = words(error);
  if (/no space left on device/i.test(said)) {
    return say(
      `the Docker engine at ${shown} has no space left: ${said}`,
      'free space where it keeps its data (docker system prune)',
    );
  }
  return say(`the Docker engine at ${shown} says: ${said}`, 'see its log');
}
