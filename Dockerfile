# SPDX-License-Identifier: MIT
#
# The image in which `dmrace --docker` runs; docs/docker.md tells how. amd64 only. By hand:
#
#   docker build -t dmrace .
#   docker run --rm --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v dmrace-cache:/cache -v dmrace-work:/work dmrace run
#
# /cache must allow execution: the kernel's build tools run from it. /dev/kvm is used when it is
# passed in: --device /dev/kvm --group-add "$(stat -c %g /dev/kvm)"

# Both digests are of the multi-platform index. They were read in public repositories that pin the
# same ones (no registry can be reached where this was written), and nothing was pulled by them.
# Debian bookworm has Node 18, so Node comes from the official image of the same Debian release.
ARG NODE=node:20-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0
# A kernel's headers name the compiler of their suite (gcc-12 in bookworm): `--suite` gives another.
ARG BASE=debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

FROM ${NODE} AS build
WORKDIR /opt/dmrace
# What the program needs at run time only, without what drives Docker from outside (optional).
COPY package*.json ./
RUN if [ -e package-lock.json ]; then set -- ci; else set -- install; fi \
 && npm "$@" --omit=dev --omit=optional --no-audit --no-fund --loglevel=error
COPY . .
# `dmrace --docker` sends the program that it is itself (dist/); a clone has its source (harness/).
RUN if [ -d harness ]; then \
      cp -r . /tmp/build && cd /tmp/build \
      && npm ci --no-audit --no-fund --loglevel=error && npm run build && cp -r dist /opt/dmrace/; \
    fi \
 && cd /opt/dmrace && mkdir /out && cp -r package.json node_modules dist vm kernel-config LICENSE LICENSES THIRD-PARTY-NOTICES.txt /out/ \
 && chmod 755 /out/dist/main.js

FROM ${BASE}
# Another guest architecture and building kernels need more: the client names it, from the list of
# `dmrace doctor`, and DOCTOR=--kernels asks the doctor for it below.
ARG EXTRA_PACKAGES=""
ARG GUEST=x86_64
ARG DOCTOR=""
# The suite that BASE must be; empty where it does not matter.
ARG SUITE=""
# One line for each package of harness/util/requirements.ts; `dmrace doctor` below fails the build
# when one is missing. Versions are not pinned: the archive keeps only the newest of a suite.
# hadolint ignore=DL3008
RUN { [ -z "${SUITE}" ] || grep -qrw "${SUITE}" /etc/apt/sources.list /etc/apt/sources.list.d \
      || { echo "the base is not ${SUITE}: its /etc/apt names another suite"; exit 1; }; } \
 && apt-get update \
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
      e2fsprogs \
      xz-utils \
      zstd \
      libelf1 \
      libstdc++6 \
      ${EXTRA_PACKAGES} \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/locale/*

# /cache and /work are open to all: --user may name anyone.
RUN useradd --create-home --uid 1000 dmrace \
 && install -d -m 1777 /cache /work \
 && ln -s /opt/dmrace/dist/main.js /usr/local/bin/dmrace
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /out /opt/dmrace

# Inside, dmrace never looks for an engine.
ENV DMRACE_CACHE_DIR=/cache DMRACE_DOCKER=never
USER dmrace
WORKDIR /work
# Word splitting is wanted: an empty DOCTOR is no argument.
# hadolint ignore=SC2086
RUN dmrace doctor --arch ${GUEST} ${DOCTOR}

LABEL org.opencontainers.image.title="dmrace" \
      org.opencontainers.image.description="Shows with QEMU evidence whether the builtin dm_kobject_release() closes dm_mod's unload race" \
      org.opencontainers.image.licenses="MIT AND GPL-2.0-only"
ENTRYPOINT ["dmrace"]
CMD ["run"]
