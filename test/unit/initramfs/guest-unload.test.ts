// SPDX-License-Identifier: MIT
// How the guest unloads what came with a visit, and whom it takes for blocked: its own C files, built
// for this machine, with modules of the test's own.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordHeader } from '../../../harness/initramfs/record-header.js';
import { assets } from '../../../harness/util/assets.js';

const FILES = ['core/record.c', 'core/file.c', 'core/wait.c', 'core/sched.c'];
const AUDIT = ['audit/unload.c', 'audit/blocked.c', 'audit/run.c'];

/**
 * A module is named by how its unload ends; _h at the end: others are built on it, which never go.
 * What `waits` sleeps where no signal wakes it (a parent of vfork() does, kernel/fork.c) until the
 * references are dropped.
 */
const STAND_INS = `
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "audit/audit.h"
#include "core/guest.h"

static volatile pid_t *sleeps_for;

static void sleep_for_a_child(void)
{
	pid_t child = vfork();

	if (!child) {
		*sleeps_for = getpid();
		for (;;)
			pause();
	}
	if (child < 0)
		_exit(127);
}

int module_refcount(const char *module)
{
	return strncmp(module, "busy", 4) ? -1 : 1;
}

int has_holders(const char *module)
{
	return !strcmp(module + strlen(module) - 2, "_h");
}

int unload_module(const char *module)
{
	if (!strncmp(module, "killed", 6))
		raise(SIGKILL);
	if (!strncmp(module, "late", 4))
		for (;;)
			pause();
	if (!strncmp(module, "waits", 5))
		sleep_for_a_child();
	return strncmp(module, "busy", 4) ? 0 : -EBUSY;
}

/* The references are dropped. */
int ioctl(int fd, unsigned long request, ...)
{
	(void)fd, (void)request;
	return *sleeps_for ? kill(*sleeps_for, SIGKILL) : 0;
}

static int look(const char *how)
{
	struct sleeper sleeper = { 0 };
	int looks = 0, i;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		if (!i || !strcmp(how, "others")) {
			*sleeps_for = 0;
			pid = fork();
			if (!pid) {
				setpgid(0, getppid());
				sleep_for_a_child();
				_exit(0);
			}
		}
		while (!*sleeps_for)
			usleep(1000);
		usleep(10000);
		looks = look_at(getpid(), &sleeper);
		if (!strcmp(how, "others")) {
			kill(*sleeps_for, SIGKILL);
			wait_child(pid, &(int){ 0 });
		}
	}
	kill(*sleeps_for, SIGKILL);
	printf("%d %d\\n", looks, look_at(getpgrp() + 100000, &sleeper));
	return 0;
}

int main(int argc, char **argv)
{
	static char names[NEWCOMERS][MODULE_NAME];
	struct visit visit = { .number = 3, .limit_ms = 500 };
	int i, helper = strcmp(argv[1], "watched") ? -1 : 0;

	sleeps_for = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!strcmp(argv[1], "look")) {
		setpgid(0, 0);
		return look(argv[2]);
	}
	for (i = 2; i < argc; i++)
		strcpy(names[i - 2], argv[i]);
	printf("%d\\n", unload_all(&visit, helper, names, argc - 2));
	return 0;
}
`;

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-guest-unload-'));
afterAll(() => rmSync(work, { recursive: true }));
const program = path.join(work, 'unload');

beforeAll(() => {
  writeFileSync(path.join(work, 'record-kinds.h'), recordHeader());
  writeFileSync(path.join(work, 'stand-ins.c'), STAND_INS);
  const guest = assets('vm/guest');
  execFileSync('gcc', [
    ...['-Wall', '-Wextra', '-D_GNU_SOURCE', `-I${work}`, `-I${guest}`, `-I${assets('vm')}`],
    ...['-o', program, path.join(work, 'stand-ins.c')],
    ...[...FILES, ...AUDIT].map((file) => path.join(guest, file)),
  ]);
}, 60_000);

function run(...args: string[]) {
  // The records' port is file 7.
  const stdio = Array.from({ length: 8 }, () => 'pipe' as const);
  const { stdout, output } = spawnSync(program, args, { encoding: 'utf8', stdio });
  const records = (output[7] ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  return { stdout: stdout.trim(), records };
}

describe('what came with a visit is unloaded', () => {
  it('and what others are built on is told to be in use', () => {
    const { stdout, records } = run('bare', 'busy_h', 'b');
    expect(stdout).toBe('0');
    expect(records).toMatchObject([
      { kind: 'unloaded', module: 'b', error: 0 },
      { kind: 'unloaded', module: 'busy_h', error: 16, refcount: 1 },
    ]);
  });

  // EIO of one that was killed (its unload crashed), ETIMEDOUT of one that does not end.
  it.each([
    ['killed', 5],
    ['late', 110],
  ])(
    'and nothing more after one that was %s, whether others are built on it or not',
    (how, error) => {
      for (const built of ['', '_h']) {
        const first = `${how}${built}`;
        const { stdout, records } = run('bare', first, `${how}_2${built}`);
        expect(stdout).toBe('1');
        expect(records).toMatchObject([{ kind: 'unloaded', module: first, error }]);
      }
    },
  );

  it('and one that sleeps in the kernel until the references are dropped has waited', () => {
    const { stdout, records } = run('watched', 'waits', 'b');
    expect(stdout).toBe('0');
    expect(records).toMatchObject([
      { kind: 'unloaded', module: 'waits', error: 0, waited: 1 },
      { kind: 'unloaded', module: 'b', error: 0, waited: 0 },
    ]);
  });
});

describe('a process that sleeps in the kernel', () => {
  it('is blocked as long as it is the same sleep', () => {
    expect(run('look', 'same').stdout).toBe('3 0');
  });

  it('is not when it is another one at each look', () => {
    expect(run('look', 'others').stdout).toBe('1 0');
  });
});
