// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Say } from '../util/work.js';
import type { Engine } from './engine.js';
import { abandoned, OWNED, OwnerLabels, ownerLabels, processStart } from './owner.js';

const Containers = z.array(
  z.looseObject({
    Id: z.string(),
    State: z.string(),
    Created: z.number(),
    Labels: z.record(z.string(), z.string()),
  }),
);
const Volumes = z.looseObject({
  Volumes: z
    .array(
      z.looseObject({
        Name: z.string(),
        CreatedAt: z.string().optional(),
        Labels: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
});

const filters = { label: [`${OWNED}=1`] };

/**
 * Removes what killed clients left on the engine, containers first and then their volumes. What it
 * cannot remove is left to the next start: it must not keep this one from its work.
 */
export async function reap(engine: Engine, say: Say): Promise<void> {
  const ours = await ownerLabels();
  let removed = 0;
  const dead = async (raw: unknown, running: boolean, createdMs: number): Promise<boolean> => {
    const labels = OwnerLabels.safeParse(raw);
    if (!labels.success) return false;
    const ageMs = Date.now() - createdMs;
    return abandoned({ labels: labels.data, running, ageMs }, ours, processStart);
  };
  const remove = async (work: () => Promise<unknown>): Promise<void> => {
    await work().then(
      () => removed++,
      () => undefined,
    );
  };
  const listed = await engine.docker.listContainers({ all: true, filters }).catch(() => []);
  for (const one of Containers.catch([]).parse(listed)) {
    if (!(await dead(one.Labels, one.State === 'running', one.Created * 1000))) continue;
    await remove(() => engine.docker.getContainer(one.Id).remove({ force: true, v: true }));
  }
  const volumes = await engine.docker.listVolumes({ filters }).catch(() => ({}));
  for (const one of Volumes.catch({}).parse(volumes).Volumes ?? []) {
    const created = one.CreatedAt === undefined ? Date.now() : Date.parse(one.CreatedAt);
    if (!(await dead(one.Labels, false, created))) continue;
    await remove(() => engine.docker.getVolume(one.Name).remove());
  }
  if (removed > 0) say(`removed ${removed} left-over of killed clients from the engine`);
}
