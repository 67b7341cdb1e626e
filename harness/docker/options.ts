// SPDX-License-Identifier: MIT
import type Docker from 'dockerode';
import type { Engine } from './engine.js';

/** A path of this machine that is at the same path inside. */
export interface Place {
  readonly path: string;
  readonly write: boolean;
  /** The volume that stands for it on a remote engine; absent: a bind mount. */
  readonly volume?: string;
}

/** What one container is for. */
export interface ContainerRequest {
  readonly image: string;
  /** Arguments of the inner dmrace. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly places: readonly Place[];
  /** Name of the machine inside: part of what KVM's answer is remembered under. */
  readonly hostname: string;
  /** Of the caller; null leaves the image's own user. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** Group of /dev/kvm when it is to be passed in. */
  readonly kvmGid: number | null;
  /** A network's name, or null for the engine's usual one. */
  readonly network: string | null;
  /** Limit of its memory; null for none. */
  readonly memoryMiB: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

type Facts = Pick<Engine, 'rootless' | 'userns' | 'selinux' | 'bridge'>;

/** The network of a container or a build: as asked, else the bridge, else the host's. */
export const networkOf = (asked: string | null, engine: Pick<Engine, 'bridge'>): string =>
  asked ?? (engine.bridge ? 'bridge' : 'host');

/** Whether a path is another or lies below it. */
const within = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);

function userOf(request: ContainerRequest, engine: Facts): string | undefined {
  if (request.user === null) return undefined;
  // Root of a rootless engine is the user who runs it; any other id would be a stranger's.
  if (engine.rootless) return '0:0';
  return `${request.user.uid}:${request.user.gid}`;
}

/**
 * How the container is made: nothing of the machine but the named places, no capability, no way to
 * get one, a read-only root. Pure.
 */
export function containerOptions(
  request: ContainerRequest,
  engine: Facts,
): Docker.ContainerCreateOptions {
  const user = userOf(request, engine);
  // A working folder below /tmp would vanish under the tmpfs if nothing is mounted below it.
  const bare =
    within(request.cwd, '/tmp') &&
    request.cwd !== '/tmp' &&
    !request.places.some((place) => within(request.cwd, place.path));
  return {
    Image: request.image,
    Cmd: [...request.argv],
    Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
    WorkingDir: request.cwd,
    Hostname: request.hostname,
    ...(user === undefined ? {} : { User: user }),
    Labels: { ...request.labels },
    // The inner program ends when its stdin does, and that is when this process does.
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      AutoRemove: true,
      Init: true,
      Privileged: false,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', ...(engine.selinux ? ['label=disable'] : [])],
      NetworkMode: networkOf(request.network, engine),
      ...(engine.userns ? { UsernsMode: 'host' } : {}),
      Tmpfs: {
        '/tmp': 'rw,nosuid,nodev,noexec,mode=1777',
        ...(bare ? { [request.cwd]: 'rw,nosuid,nodev,noexec,mode=1777' } : {}),
      },
      Mounts: request.places.map((place) =>
        place.volume === undefined
          ? { Type: 'bind', Source: place.path, Target: place.path, ReadOnly: !place.write }
          : { Type: 'volume', Source: place.volume, Target: place.path, ReadOnly: !place.write },
      ),
      ...(request.memoryMiB === null
        ? {}
        : { Memory: request.memoryMiB << 20, MemorySwap: request.memoryMiB << 20 }),
      ...(request.kvmGid === null
        ? {}
        : {
            Devices: [
              { PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rw' },
            ],
            GroupAdd: [String(request.kvmGid)],
          }),
    },
  };
}
