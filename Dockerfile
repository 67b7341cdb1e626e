# SPDX-License-Identifier: GPL-2.0-only
#
# An image in which `dmrace` and its tests run. amd64 only: the tools below are those for x86-64
# guests on an x86-64 host.
#
#   docker build -t dmrace .
#   docker run --rm --init dmrace                    # dmrace run
#   docker run --rm --init dmrace doctor --self-test
#
# The first run downloads a kernel from deb.debian.org; a volume on /cache keeps it for the next one
# (about 650 MiB for one kernel). Results go to /work/dmrace-runs, which --rm removes unless a
# volume is on /work. With a read-only root:
#
#   docker run --rm --init --read-only --tmpfs /tmp \
#     -v dmrace-cache:/cache -v dmrace-work:/work dmrace
#
# /cache must allow execution (the kernel's build tools run from it), so a tmpfs there needs `exec`:
# --tmpfs /cache:exec
# No privileges are needed: without /dev/kvm guests run under TCG. To offer KVM:
#   --device /dev/kvm --group-add "$(stat -c %g /dev/kvm)"
#
# The tests, which write into the project and so need a writable root:
#
#   docker run --rm --init -w /opt/dmrace --entrypoint npm dmrace test
#
# That installs the npm packages again first, because the image lacks the marks that
# harness/bootstrap.mjs leaves. Without that, and without the network but for Debian's archive:
#
#   docker run --rm --init -w /opt/dmrace --entrypoint node dmrace node_modules/vitest/vitest.mjs run
#
# The test of a full disk mounts a tmpfs, which an unprivileged container may not: it is skipped.
#
# The image takes 740 MB: 390 the Debian packages (gcc and QEMU most of all), 170 the npm packages
# (100 of them only for the lint, the build and the tests), 110 Node and npm, 75 the base.
#
# Docker 20.10 ran all of the above but KVM, the runs with --trials 1: no BuildKit, always with
# --network host, on bases made with debootstrap and not on the two official images named below.

# Debian bookworm has Node 18, so Node comes from the official image of the same Debian release.
ARG NODE=node:20-bookworm-slim
# Another release than bookworm has another gcc than the gcc-12 that its kernel's headers name.
ARG BASE=debian:bookworm-slim

FROM ${NODE} AS build
WORKDIR /opt/dmrace
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && chmod 755 dist/main.js

FROM ${BASE}
LABEL org.opencontainers.image.title="dmrace" \
      org.opencontainers.image.description="Shows with QEMU evidence whether the builtin dm_kobject_release() closes dm_mod's unload race" \
      org.opencontainers.image.licenses="GPL-2.0-only"

# One line for each package of requirements() in harness/cli/doctor.ts, in its order; `dmrace doctor`
# below fails the build when one is missing. Versions are not pinned: the archive keeps only the
# newest of a suite.
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      qemu-system-x86 \
      util-linux \
      apt \
      dpkg \
      debian-archive-keyring \
      gpgv \
      gcc \
      make \
      libc6-dev \
      binutils \
      kmod \
      cpio \
      xz-utils \
      zstd \
      libelf1 \
 && rm -rf /var/lib/apt/lists/*

# node for dmrace; npm for the tests only. /cache and /work are open to all: a tmpfs belongs to root
# but takes the mode of the folder it is mounted on, and --user may name anyone.
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s /opt/dmrace/dist/main.js /usr/local/bin/dmrace \
 && useradd --create-home --uid 1000 dmrace \
 && install -d -o dmrace -g dmrace /opt/dmrace \
 && install -d -m 1777 /cache /work
COPY --from=build --chown=dmrace:dmrace /opt/dmrace /opt/dmrace

ENV DMRACE_CACHE_DIR=/cache
USER dmrace
WORKDIR /work
RUN dmrace doctor

ENTRYPOINT ["dmrace"]
CMD ["run"]
