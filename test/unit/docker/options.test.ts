// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  type ContainerRequest,
  containerOptions,
  networkOf,
} from '../../../harness/docker/options.js';

const request: ContainerRequest = {
  image: 'dmrace:1',
  argv: ['run', '--trials', '1'],
  env: { A: 'b' },
  cwd: '/home/u/x',
  places: [
    { path: '/home/u/x/dmrace-runs', write: true },
    { path: '/home/u/k', write: false },
  ],
  hostname: 'here',
  user: { uid: 1000, gid: 100 },
  kvmGid: null,
  network: null,
  memoryMiB: null,
  labels: { l: '1' },
};
const engine = { rootless: false, userns: false, selinux: false, bridge: true };

describe('a container', () => {
  it('has no privilege, a read-only root, and the named places at their own paths', () => {
    const made = containerOptions(request, engine);
    expect(made).toMatchObject({ User: '1000:100', WorkingDir: '/home/u/x', Env: ['A=b'] });
    expect(made.HostConfig).toMatchObject({
      Privileged: false,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      AutoRemove: true,
      NetworkMode: 'bridge',
      Mounts: [
        { Type: 'bind', Source: '/home/u/x/dmrace-runs', Target: '/home/u/x/dmrace-runs' },
        { Type: 'bind', Source: '/home/u/k', Target: '/home/u/k', ReadOnly: true },
      ],
    });
    expect(made.HostConfig).not.toHaveProperty('Devices');
    expect(made.HostConfig).not.toHaveProperty('Memory');
  });
  it('gets /dev/kvm with its group', () => {
    expect(containerOptions({ ...request, kvmGid: 106 }, engine).HostConfig).toMatchObject({
      Devices: [{ PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rw' }],
      GroupAdd: ['106'],
    });
  });
  it('is root of a rootless engine, which is the caller', () => {
    expect(containerOptions(request, { ...engine, rootless: true }).User).toBe('0:0');
  });
  it('maps no ids, and is not relabelled', () => {
    const host = containerOptions(request, { ...engine, userns: true, selinux: true }).HostConfig;
    expect(host).toMatchObject({ UsernsMode: 'host' });
    expect(host?.SecurityOpt).toContain('label=disable');
  });
  it('keeps the image’s user and volumes on a remote engine', () => {
    const places = [{ path: '/cache', write: true, volume: 'dmrace-cache' }];
    const made = containerOptions({ ...request, user: null, places }, engine);
    expect(made).not.toHaveProperty('User');
    expect(made.HostConfig?.Mounts).toMatchObject([{ Type: 'volume', Source: 'dmrace-cache' }]);
  });
  it('has its working folder below the tmpfs too', () => {
    const bare = { ...request, cwd: '/tmp/w' };
    expect(containerOptions(bare, engine).HostConfig?.Tmpfs).toHaveProperty('/tmp/w');
    const mounted = { ...bare, places: [{ path: '/tmp/w', write: true }] };
    expect(containerOptions(mounted, engine).HostConfig?.Tmpfs).not.toHaveProperty('/tmp/w');
  });
  it('may use no more memory than told, swap included', () => {
    const made = containerOptions({ ...request, memoryMiB: 512 }, engine).HostConfig;
    expect(made).toMatchObject({ Memory: 512 * 1048576, MemorySwap: 512 * 1048576 });
  });
});

describe('its network', () => {
  it('is as asked, else the bridge, else the host’s', () => {
    expect(networkOf('mine', { bridge: false })).toBe('mine');
    expect(networkOf(null, { bridge: true })).toBe('bridge');
    expect(networkOf(null, { bridge: false })).toBe('host');
  });
});
