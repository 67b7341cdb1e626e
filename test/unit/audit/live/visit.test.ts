// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type VisitOutput, visitOf } from '../../../../harness/audit/live/visit.js';
import type { GuestRecord } from '../../../../harness/model/record.js';
import { captured, exercise, visited } from './support.js';

describe('a visit in which objects outlived zram', () => {
  const visit = visitOf(visited('zram'), captured('zram'));

  it('names each address by the module’s own symbols', () => {
    expect(visit.end).toEqual({ is: 'unloaded' });
    expect(
      visit.observations.map(({ fault, word, what, place }) => ({ fault, word, what, place })),
    ).toEqual([
      {
        fault: 'class-release',
        word: 'proven',
        what: 'class/zram-control',
        place: { module: 'zram', offset: expect.any(Number), symbol: 'zram_control_class+0x0' },
      },
      {
        fault: 'disk-fops',
        word: 'proven',
        what: 'devices/virtual/block/zram0',
        place: { module: 'zram', offset: expect.any(Number), symbol: 'zram_devops+0x0' },
      },
    ]);
  });

  it('has the crash of each proof, with the address that it touched', () => {
    const [first, second] = visit.observations;
    expect(first?.proof).toMatchObject({
      tainted: true,
      times: 1,
      of: 1,
      place: { module: 'zram', symbol: 'zram_control_class+0x28' },
      finding: { kind: 'page-fault', function: 'class_release' },
    });
    expect(second?.proof).toMatchObject({
      place: { module: 'zram', symbol: 'zram_devops+0x50' },
      finding: { function: 'disk_release' },
    });
  });

  it('is only reachable where the console has no crash', () => {
    const output = { ...captured('zram'), console: '' };
    const { observations } = visitOf(visited('zram'), output);
    expect(observations.map(({ word, proof }) => ({ word, proof }))).toEqual([
      { word: 'reachable', proof: null },
      { word: 'reachable', proof: null },
    ]);
  });

  it('is not proven by a crash at an address that lies in no unloaded module', () => {
    const output = captured('zram');
    const console = output.console.replaceAll(/page fault for address: [0-9a-f]{16}/g, (text) =>
      text.replace(/ffffffffc/, 'ffffffffb'),
    );
    expect(console).not.toBe(output.console);
    const { observations } = visitOf(visited('zram'), { ...output, console });
    expect(observations.every(({ proof }) => proof === null)).toBe(true);
  });

  it('needs the sections that the guest told', () => {
    const output = captured('zram');
    const records = output.records.filter(({ kind }) => kind !== 'section');
    expect(visitOf(visited('zram'), { ...output, records }).observations).toEqual([]);
  });

  it('has the debug option for a holder where the kernel has it', () => {
    const config = new Map([['DEBUG_KOBJECT_RELEASE', 'y']]);
    const { observations } = visitOf(visited('zram', { config }), captured('zram'));
    expect(observations.map(({ holder }) => holder.is)).toEqual(['debug-option', 'debug-option']);
  });
});

it('a callback that the untouched kernel called after the unload of tun, without a module of ours', () => {
  const visit = visitOf(visited('tun', { watched: false }), captured('tun-untainted'));
  expect(visit.observations).toMatchObject([
    {
      fault: 'rcu-callback',
      word: 'proven',
      what: 'tun_prog_free+0x0',
      holder: { is: 'kernel' },
      proof: {
        tainted: false,
        place: { module: 'tun', symbol: 'tun_prog_free+0x0' },
        finding: { taint: '', instructionFetch: true },
      },
    },
  ]);
  expect(visit.observations).toHaveLength(1);
});

it('an unload that waited for its objects is protected', () => {
  const { end, observations } = visitOf(visited('i2c_stub'), captured('i2c_stub'));
  expect(end).toEqual({ is: 'waited' });
  expect(observations.map(({ word, fault }) => `${word} ${fault}`)).toEqual(['waits unload-waits']);
});

it('a destroy that waited for its objects is protected too, and what else was held is still asked about', () => {
  const output = captured('zram');
  const blocked = { kind: 'blocked', us: 1, visit: output.number, step: 'destroy', dropped: 'own' };
  const records = [...output.records, blocked as GuestRecord];
  const words = visitOf(visited('zram'), { ...output, records }).observations.map(
    ({ word, what }) => `${word} ${what}`,
  );
  expect(words).toEqual([
    'proven class/zram-control',
    'proven devices/virtual/block/zram0',
    'waits the destroy of zram’s exercise',
  ]);
});

it('a module that leaves nothing behind is silent', () => {
  const { end, observations } = visitOf(visited('act_pedit'), captured('act_pedit'));
  expect(end).toEqual({ is: 'unloaded' });
  expect(observations).toEqual([]);
});

describe('how a visit ended', () => {
  const silent = captured('act_pedit');
  const change = (edit: (record: GuestRecord) => GuestRecord | null): VisitOutput => ({
    ...silent,
    records: silent.records.flatMap((record) => edit(record) ?? []),
  });
  const endOf = (output: VisitOutput, more = {}) => visitOf(visited('act_pedit', more), output).end;

  it('a load that failed, with what modprobe said', () => {
    const output = change((record) =>
      record.kind === 'step' && record.step === 'load'
        ? { ...record, status: 1, output: 'No such device' }
        : record,
    );
    expect(endOf(output)).toEqual({ is: 'not-loaded', why: 'it ended with 1: No such device' });
  });

  it('a command that failed, or was ended when its time was over', () => {
    const output = change((record) =>
      record.kind === 'step' && record.step === 'create'
        ? { ...record, status: -1, signal: 9, late: 1, ms: 20_001, output: '' }
        : record,
    );
    expect(endOf(output)).toMatchObject({
      is: 'exercise-failed',
      command: expect.stringContaining('tc actions add'),
      why: 'it was ended after 20.0 s',
    });
  });

  it('nothing of what the exercise names appeared', () => {
    const seen = change((record) =>
      record.kind === 'seen' ? { ...record, object: 0, objects: 3 } : record,
    );
    const wants = (appears: object) => ({
      exercise: exercise({ module: 'act_pedit', appears }),
    });
    expect(endOf(seen, wants({ object: 'net/x0' }))).toEqual({
      is: 'nothing-appeared',
      wanted: 'an object net/x0',
    });
    expect(endOf(seen, wants({ objects: 4 }))).toMatchObject({ is: 'nothing-appeared' });
    const used = (loaded: number, most: number): VisitOutput => ({
      ...seen,
      records: [...seen.records, { kind: 'used', us: 1, visit: seen.number, loaded, most }],
    });
    for (const said of [seen, used(1, 1)]) {
      expect(endOf(said, wants({ used: true }))).toMatchObject({
        is: 'nothing-appeared',
        wanted: expect.stringMatching(/^a use of the module/) as string,
      });
    }
    expect(endOf(used(1, 2), wants({ used: true }))).toMatchObject({ is: 'unloaded' });
    expect(endOf(seen, wants({ objects: 3 }))).toEqual({ is: 'unloaded' });
  });

  it('an unload that was refused, with the error and the users', () => {
    const output = change((record) =>
      record.kind === 'unloaded' ? { ...record, error: 11, refcount: 2, ms: 1512 } : record,
    );
    expect(endOf(output)).toEqual({
      is: 'not-unloaded',
      why: 'it is in use, it is used 2 times, for 1.5 s',
    });
  });

  it('an unload that did not end, or whose process was killed', () => {
    const said = (error: number) =>
      endOf(
        change((record) =>
          record.kind === 'unloaded' ? { ...record, error, refcount: -1, ms: 20_004 } : record,
        ),
      );
    expect(said(110)).toEqual({ is: 'not-unloaded', why: 'it did not end, for 20.0 s' });
    expect(said(5)).toMatchObject({ why: expect.stringMatching(/was killed/) as string });
  });

  it('by firmware that the guest does not have', () => {
    const firmware = '; the kernel asked for the firmware acme/x.bin, guests have none';
    const lines = [
      '[    3.1] acme 0000:00:04.0: Direct firmware load for acme/x.bin failed with error -2\n',
      '[    3.1] acme 0000:00:04.0: firmware: failed to load acme/x.bin (-2)\n',
    ];
    const seen = change((record) => (record.kind === 'seen' ? { ...record, object: 0 } : record));
    const wants = { exercise: exercise({ module: 'act_pedit', appears: { object: 'net/x0' } }) };
    const load = change((record) =>
      record.kind === 'step' && record.step === 'load'
        ? { ...record, status: 1, output: 'No such file or directory' }
        : record,
    );
    for (const line of lines) {
      expect(endOf({ ...seen, console: line }, wants)).toEqual({
        is: 'nothing-appeared',
        wanted: `an object net/x0${firmware}`,
      });
      expect(endOf({ ...load, console: line })).toEqual({
        is: 'not-loaded',
        why: `it ended with 1: No such file or directory${firmware}`,
      });
      expect(endOf({ ...silent, console: line })).toEqual({ is: 'unloaded' });
    }
  });

  it('a module that is built in', () => {
    expect(
      endOf(
        change(() => null),
        { isBuiltin: true },
      ),
    ).toEqual({ is: 'builtin' });
  });

  it('a guest that is lost, unless what was found was its end', () => {
    expect(endOf({ ...silent, lost: 'it said nothing' })).toEqual({
      is: 'lost',
      why: 'it said nothing',
    });
    const panicked = { ...captured('zram'), lost: 'its kernel panicked' };
    expect(visitOf(visited('zram'), panicked).end).toEqual({ is: 'unloaded' });
  });
});
