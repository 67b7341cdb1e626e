// SPDX-License-Identifier: MIT
// Debian's Slurm on the loopback: munged, slurmctld and one slurmd, with files, socket and ports of
// their own, so that a Slurm of the host's is not touched.

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { eventually } from '../command.js';

/** A Slurm that runs; disposing of it cancels its jobs and stops what was started. */
export interface Slurm extends AsyncDisposable {
  /** Runs one of Slurm's commands. @throws when it fails. */
  readonly ask: (program: string, ...args: string[]) => Promise<string>;
}

interface DaemonOptions {
  readonly env: Record<string, string>;
  readonly reject: false;
  readonly all: true;
}

interface Daemon {
  readonly name: string;
  readonly process: ResultPromise<DaemonOptions>;
}

/** Starts one. @param slots how many jobs run side by side, whatever the host has */
export async function startSlurm(
  folder: string,
  slots: number,
  env: Record<string, string>,
): Promise<Slurm> {
  const at = (...names: string[]): string => path.join(folder, ...names);
  // munged wants its socket to be reachable for every user.
  await chmod(folder, 0o755);
  for (const name of ['munge', 'state', 'spool']) await mkdir(at(name), { mode: 0o755 });
  await writeFile(at('munge.key'), randomBytes(128), { mode: 0o600 });
  await writeFile(at('slurm.conf'), configuration(folder, slots, await freePorts(2)));
  // cgroups are the host's: nothing here uses them.
  await writeFile(at('cgroup.conf'), '');
  const variables = { ...env, SLURM_CONF: at('slurm.conf') };
  const daemons: Daemon[] = [];
  const start = (name: string, args: readonly string[]): void => {
    const options: DaemonOptions = { env: variables, reject: false, all: true };
    daemons.push({ name, process: execa(name, args, options) });
  };
  const ask = async (program: string, ...args: string[]): Promise<string> =>
    (await execa(program, args, { env: variables, cwd: folder })).stdout;
  /** The last started first; each is waited for. */
  const stop = async (): Promise<void> => {
    for (const { process } of daemons.splice(0).reverse()) {
      process.kill('SIGTERM');
      await process;
    }
  };
  /** What has ended by itself, with its last words. */
  const ended = async (): Promise<string> => {
    const dead = daemons.filter(({ process }) => process.exitCode !== null);
    const words = await Promise.all(
      dead.map(async ({ name, process }) => `${name}: ${(await process).all}`),
    );
    return words.join('\n');
  };
  try {
    const munge = ['key-file', 'socket', 'pid-file', 'log-file', 'seed-file'].map((option) =>
      option === 'key-file'
        ? `--key-file=${at('munge.key')}`
        : `--${option}=${at('munge', option)}`,
    );
    start('munged', ['--foreground', ...munge]);
    start('slurmctld', ['-D', '-c']);
    start('slurmd', ['-D', '-N', 'slots']);
    await eventually('the node of Slurm is idle', async () => {
      const dead = await ended();
      if (dead !== '') throw new Error(dead);
      const node = await ask('sinfo', '-h', '-o', '%T').catch(() => '');
      return node.trim() === 'idle';
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ask,
    [Symbol.asyncDispose]: async () => {
      if (daemons.length === 0) return; // it has been done
      await ask('scancel', '--user=root', '--full');
      await eventually('Slurm has no job left', async () => (await ask('squeue', '-h')) === '');
      await stop();
    },
  };
}

function configuration(folder: string, slots: number, [control, node]: number[]): string {
  const at = (name: string): string => path.join(folder, name);
  return [
    'ClusterName=dmrace',
    `SlurmctldHost=${hostname()}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    `AuthInfo=socket=${at('munge/socket')}`,
    `SlurmctldPort=${control}`,
    `SlurmdPort=${node}`,
    `StateSaveLocation=${at('state')}`,
    `SlurmdSpoolDir=${at('spool')}`,
    `SlurmctldPidFile=${at('slurmctld.pid')}`,
    `SlurmdPidFile=${at('slurmd.pid')}`,
    `SlurmctldLogFile=${at('slurmctld.log')}`,
    `SlurmdLogFile=${at('slurmd.log')}`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'MpiDefault=none',
    'ReturnToService=2',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    // The node says how many slots it has, not the host.
    'SlurmdParameters=config_overrides',
    'KillWait=2',
    'MailProg=/bin/true',
    `NodeName=slots NodeHostname=${hostname()} NodeAddr=127.0.0.1 CPUs=${slots} State=UNKNOWN`,
    'PartitionName=all Nodes=slots Default=YES MaxTime=INFINITE State=UP',
    '',
  ].join('\n');
}

/** Ports that nobody listens on. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** The state of a job, e.g. RUNNING or FAILED. */
export async function jobState(slurm: Slurm, job: string): Promise<string> {
  const shown = await slurm.ask('scontrol', 'show', 'job', job, '--oneliner');
  return /JobState=(\S+)/.exec(shown)?.[1] ?? '';
}

/** The first block of a page that is a script with `mark`: what the page shows is what is run. */
export async function scriptOf(page: string, mark: string): Promise<string> {
  const blocks = (await readFile(page, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms);
  const script = [...blocks].map((block) => block[1] ?? '').find((text) => text.includes(mark));
  if (script === undefined) throw new Error(`${page} has no script with ${mark}`);
  return script;
}
