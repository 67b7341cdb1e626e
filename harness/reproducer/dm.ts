// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import type { Finding } from '../model/finding.js';
import type { RunResult } from '../model/verdict.js';
import { scenarioOf } from '../scenarios/index.js';
import type { ReproducerPlan, Tool } from './plan.js';

const DEVICE = 'dmrace-reproducer';
const DMSETUP: Tool = { name: 'dmsetup', package: 'dmsetup' };

/** What the reproducer of each scenario does otherwise than the others. */
const SCENARIOS: Readonly<
  Record<string, Pick<ReproducerPlan, 'hold' | 'config' | 'waitS' | 'tries' | 'why'>>
> = {
  'disk-release': {
    // The first device of a machine that has no other, which reproduce.sh makes sure of.
    hold: '/sys/devices/virtual/block/dm-0',
    config: [],
    waitS: 3,
    tries: 1,
    why: [
      'A disk of device-mapper is removed and dm_mod is unloaded while somebody still holds a reference on the disk’s kobject. When the last reference is dropped, disk_release() (block/genhd.c, since v5.18) reads the disk’s block_device_operations, which lie in the memory of the unloaded dm_mod.',
      'Nothing ties the module to the life of the disk: the reference on it is dropped when the device is removed, not when its disk is released.',
    ],
  },
  'delayed-release': {
    hold: null,
    config: ['DEBUG_KOBJECT_RELEASE'],
    waitS: 6,
    tries: 40,
    why: [
      'A disk of device-mapper is removed and dm_mod is unloaded. With CONFIG_DEBUG_KOBJECT_RELEASE the kernel itself puts every release of a kobject off by 1 to 4 seconds, so that the disk is released when dm_mod has gone: disk_release() (block/genhd.c, since v5.18) then reads the disk’s block_device_operations in unloaded memory.',
      'Each release has a delay of its own, by chance: most tries show nothing.',
    ],
  },
};

/**
 * The plan of a reproducer of an open run.
 * @throws DmraceError (usage) for a run that is not open, or whose scenario cannot be told in a shell
 */
export function dmReproducer(result: RunResult, dmrace: string): ReproducerPlan {
  const { verdict, question, kernel, trials } = result;
  const refuse = (observed: string, action: string): never => {
    throw new DmraceError('usage', { observed, action });
  };
  const own = SCENARIOS[question.scenario];
  if (!own) {
    return refuse(
      `scenario ${question.scenario} has no reproducer in a shell: its window opens only between a holder, a remover and a load whose steps are steered one by one`,
      `export a run of ${Object.keys(SCENARIOS).join(' or ')}; dmrace replay runs a trial of this one again`,
    );
  }
  const subject = trials.filter(({ role }) => role === 'subject');
  const finding = subject
    .flatMap(({ findings }) => findings)
    .find(({ cause }) => cause === question.targetCause);
  if (verdict !== 'open' || !finding) {
    return refuse(
      `the run is ${verdict}: no trial of the subject crashed with ${question.targetCause}`,
      'export an open run',
    );
  }
  const tried = subject.filter(({ outcome }) => outcome !== 'lost').length;
  const crashed = subject.filter(({ findings }) =>
    findings.some(({ cause }) => cause === question.targetCause),
  ).length;
  const { suspect, title } = scenarioOf(question);
  return {
    ...own,
    title: `${finding.function || suspect.name}: ${title}`,
    documentation: 'Documentation/core-api/kobject.rst',
    kernel,
    seen: { times: crashed, of: tried },
    tools: [DMSETUP],
    needs: [],
    module: suspect.name,
    scripts: new Map(),
    parameters: '',
    create: [
      ...(own.hold === null ? [] : [NO_OTHER]),
      `dmsetup create ${DEVICE} --table '0 8 error'`,
      ...(own.hold === null ? [] : [`test -d ${own.hold}`]),
    ],
    // udev may have the device open for a moment.
    destroy: [`dmsetup remove --retry ${DEVICE}`],
    realTime: false,
    expedited: false,
    address: addressOf(finding),
    report: finding.text,
    dmrace,
  };
}

/** Fails where the machine has devices of its own: dm_mod could not be unloaded then. */
const NO_OTHER = 'test -z "$(ls /sys/devices/virtual/block | grep ^dm-)"';

const addressOf = ({ resolvedFault, resolved }: Finding): string | null =>
  resolvedFault ?? resolved ?? null;
