// SPDX-License-Identifier: MIT
// The campaign of an audit with parts of the test's own: nothing is booted.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditWith } from '../../../../harness/campaign/audit/audit.js';
import { openResumedAudit } from '../../../../harness/campaign/audit/place.js';
import type {
  AuditedKernel,
  AuditParts,
  LiveEvent,
  LiveRequest,
} from '../../../../harness/campaign/audit/ports.js';
import type { AuditRequest } from '../../../../harness/campaign/audit/request.js';
import { ARCH } from '../../../../harness/model/arch/index.js';
import { type Exercise, ExerciseFile } from '../../../../harness/model/exercise.js';
import type { Stages } from '../../../../harness/ports.js';
import { mergeAudits } from '../../../../harness/runs/audit/merge-audits.js';
import { readSavedAudit } from '../../../../harness/runs/audit/saved-audit.js';
import { EVIDENCE, goodControl, KERNEL, observed, visitOf } from '../../../support/audit.js';
import { testWork } from '../../../support/work.js';

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-campaign-'));
afterAll(() => rmSync(work, { recursive: true }));

const modules = path.join(work, 'modules');
mkdirSync(path.join(modules, 'kernel'), { recursive: true });
for (const name of ['tun', 'sch_taprio', 'dm-mod', 'brd', 'loop']) {
  writeFileSync(path.join(modules, 'kernel', `${name}.ko.xz`), '');
}
writeFileSync(path.join(modules, 'modules.builtin'), 'kernel/drivers/tty/vt.ko\n');

const exercise = (module: string, more: object = {}): Exercise => ({
  ...ExerciseFile.parse({ module, title: `makes ${module} do something`, ...more }),
  name: module,
  family: 'test',
});

const stages: Stages = {
  stage: (_, doing) => doing(() => undefined),
  timing: {},
};
const request = (more: Partial<AuditRequest> = {}): AuditRequest => ({
  kernel: 'debian',
  build: { profiles: [], config: null },
  arch: ARCH.x86_64,
  static: true,
  live: true,
  all: false,
  modules: [],
  exerciseFiles: [],
  moduleFiles: [],
  known: null,
  baseline: null,
  jobs: 1,
  accel: 'tcg',
  patience: 1,
  shard: null,
  out: null,
  ...more,
});

let count = 0;
/** Parts that find something in tun, and note what they were asked. */
function fakeParts(more: Partial<AuditParts<AuditedKernel>> = {}) {
  const asked: LiveRequest<AuditedKernel>[] = [];
  const parts: AuditParts<AuditedKernel> = {
    kernel: async () => ({ identity: KERNEL, arch: ARCH.x86_64, config: new Map(), modules }),
    exercises: {
      shipped: async () => [
        exercise('tun'),
        exercise('brd'),
        exercise('vt'),
        exercise('gone'),
        exercise('sch_taprio', { config: ['NET_SCH_TAPRIO'] }),
        exercise('loop', { arch: ['arm64'] }),
      ],
      own: async () => exercise('loop'),
    },
    static: async () => ({ modules: EVIDENCE.static ?? [], notes: ['the weaker route'] }),
    async *live(_, ask) {
      asked.push(ask);
      yield* told(ask);
    },
    ...more,
  };
  return { parts, asked };
}

function* told(ask: LiveRequest<AuditedKernel>): Generator<LiveEvent> {
  yield { is: 'started', accel: 'tcg' };
  for (const planted of goodControl) yield { is: 'planted', planted };
  for (const { module, exercise: how } of ask.visits) {
    const guest = ask.firstGuest;
    const observations =
      module === 'tun'
        ? [observed('rcu-callback', 'proven', { module, symbol: 'tun_prog_free' })]
        : [];
    yield {
      is: 'visit',
      visit: visitOf(module, observations, { exercise: how?.name ?? null, guest }),
    };
  }
  yield { is: 'try' };
  yield {
    is: 'guest',
    guest: ask.firstGuest,
    files: new Map([['console.log', Buffer.from('quiet\n')]]),
  };
}

const run = async (
  asked: Partial<AuditRequest>,
  parts: AuditParts<AuditedKernel>,
  signal?: AbortSignal,
) => {
  const out = path.join(work, `a${count++}`);
  const works = await testWork(signal ? { signal } : {});
  return auditWith(works, request({ out, ...asked }), parts, { stages, resumed: null });
};
const ends = (visits: readonly { module: string; end: { is: string } }[]) =>
  visits.map(({ module, end }) => `${module} ${end.is}`).sort();

describe('an audit', () => {
  it('visits what has an exercise here, and says at once what cannot be visited', async () => {
    const { parts, asked } = fakeParts();
    const { result, folder } = await run({}, parts);
    expect(asked[0]?.visits.map(({ module }) => module)).toEqual(['tun', 'brd']);
    expect(ends(result.visits)).toEqual([
      'brd unloaded',
      'gone not-loaded',
      'sch_taprio not-loaded',
      'tun unloaded',
      'vt builtin',
    ]);
    expect(result).toMatchObject({ verdict: 'found', exitCode: 1 });
    expect(result.reasons).toContain('the weaker route');
    expect((await readSavedAudit(folder.root)).damage).toEqual([]);
    expect([...(await folder.readExercises()).keys()]).toEqual(['tun', 'brd']);
  });

  it('of named modules visits those, with - or _, exercise or not', async () => {
    const { parts, asked } = fakeParts();
    await run({ modules: ['dm-mod', 'brd'] }, parts);
    expect(asked[0]?.visits.map(({ module, exercise: how }) => [module, how?.name])).toEqual([
      ['dm_mod', undefined],
      ['brd', 'brd'],
    ]);
  });

  it('with --all loads and unloads the others, too', async () => {
    const { parts, asked } = fakeParts();
    await run({ all: true }, parts);
    expect(asked[0]?.visits.map(({ module }) => module)).toEqual(['tun', 'brd', 'dm_mod', 'loop']);
  });

  it('takes an exercise of the user’s own for its module', async () => {
    const { parts, asked } = fakeParts();
    await run({ exerciseFiles: ['x.yaml'] }, parts);
    expect(asked[0]?.visits.map(({ module }) => module)).toEqual(['loop']);
  });

  it('of the files alone boots nothing', async () => {
    const { parts, asked } = fakeParts();
    const { result } = await run({ live: false }, parts);
    expect(asked).toEqual([]);
    expect(result).toMatchObject({ verdict: 'nothing-seen', exitCode: 0 });
  });

  it('of a kernel without modules says so', async () => {
    const { parts } = fakeParts({
      kernel: async () => ({
        identity: KERNEL,
        arch: ARCH.x86_64,
        config: new Map(),
        modules: work,
      }),
    });
    const empty = path.join(work, 'empty');
    mkdirSync(empty);
    const without = {
      ...parts,
      kernel: async () => ({
        identity: KERNEL,
        arch: ARCH.x86_64,
        config: new Map(),
        modules: empty,
      }),
    };
    await expect(run({}, without)).rejects.toMatchObject({
      code: 'inconclusive',
      message: expect.stringMatching(/holds no module/),
    });
  });

  it('that is interrupted goes on where it was, in guests of its own', async () => {
    const stop = new AbortController();
    const { parts } = fakeParts({
      async *live(_, ask) {
        for (const event of told({ ...ask, visits: ask.visits.slice(0, 1) })) yield event;
        stop.abort();
        throw stop.signal.reason;
      },
    });
    const first = await run({}, parts, stop.signal);
    expect(first.result.reasons.join()).toContain('4 of 5 planned visits were made');
    const resumed = await openResumedAudit(first.folder.root);
    const again = fakeParts();
    const second = await auditWith(await testWork(), request(), again.parts, { stages, resumed });
    expect(again.asked[0]?.visits.map(({ module }) => module)).toEqual(['brd']);
    expect(again.asked[0]?.firstGuest).toBe(1);
    expect(ends(second.result.visits)).toHaveLength(5);
    expect(second.result.reasons.join()).not.toContain('planned');
  });

  it('does not go on with another plan', async () => {
    const { parts } = fakeParts();
    const { folder } = await run({}, parts);
    const resumed = await openResumedAudit(folder.root);
    await expect(
      auditWith(await testWork(), request({ all: true }), parts, { stages, resumed }),
    ).rejects.toThrow(/plan of visits .* was/);
  });

  it('in shards comes to the same', async () => {
    const { parts } = fakeParts();
    const whole = await run({}, parts);
    const roots: string[] = [];
    for (const number of [1, 2]) {
      roots.push((await run({ shard: { number, of: 2 } }, parts)).folder.root);
    }
    const { folder, saved } = await mergeAudits(roots, path.join(work, 'merged'));
    await folder[Symbol.asyncDispose]();
    expect(ends(saved.result.visits)).toEqual(ends(whole.result.visits));
    expect(saved.result.exitCode).toBe(whole.result.exitCode);
  });

  it('leaves nothing behind when its kernel cannot be had', async () => {
    const { parts } = fakeParts({
      kernel: async () => {
        throw new Error('no kernel');
      },
    });
    const out = path.join(work, 'never');
    await expect(run({ out }, parts)).rejects.toThrow('no kernel');
    expect(() => mkdirSync(out)).not.toThrow();
  });
});
