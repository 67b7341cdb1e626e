// SPDX-License-Identifier: MIT
import type { ReproducerPlan } from './plan.js';

/** A word for sh that is taken as it is. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Text for a comment or a line of echo: one line, nothing that acts. */
export const oneLine = (text: string): string =>
  text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();

/** The seconds that each command of an exercise has, as in the audit. */
const COMMAND_S = 20;

/** reproduce.sh: POSIX sh, and the tools that the README names. */
export function reproduceScript(plan: ReproducerPlan): string {
  const { module, parameters, needs, tools, config, hold, tries, waitS } = plan;
  const required = [
    ...new Set([
      ...['modprobe', 'rmmod', 'dmesg', 'timeout'],
      ...(plan.realTime ? ['chrt'] : []),
      ...tools.map(({ name }) => name),
    ]),
  ];
  const load = ['modprobe', quoted(module), ...parameters.split(/\s+/).filter(Boolean).map(quoted)];
  return `#!/bin/sh
# SPDX-License-Identifier: MIT
# ${oneLine(plan.title)}
#
# It crashes the kernel that it runs on: in a virtual machine that nobody needs.
# usage: ./reproduce.sh [TRIES]
# 0: reproduced, the report is in the kernel's log; 1: not in so many tries; 2: it cannot be tried
set -u
here=$(cd "$(dirname "$0")" && pwd)
tries=\${1:-${tries}}
${plan.scripts.size === 0 ? '' : '# Scripts that the commands use.\nPATH=$here:$PATH\nPERL5LIB=$here\nexport PATH PERL5LIB\n'}
give_up() {
	echo "reproduce: $*" >&2
	exit 2
}

# A command of the exercise in a shell of its own.
run() {
	timeout ${COMMAND_S} sh -c "$1" || give_up "this command failed: $1"
}

crashed() {
	dmesg | sed -n "/dmrace-reproducer: try $try\\$/,\\$p" |
		grep -E 'BUG: |Oops|Unable to handle kernel|invalid opcode|general protection'
}

[ "$(id -u)" = 0 ] || give_up 'it needs root'
for tool in ${required.map(quoted).join(' ')}; do
	command -v "$tool" >/dev/null || give_up "$tool is not there"
done
${config.map(configCheck).join('')}${hold === null ? '' : holderCheck()}${
  plan.expedited
    ? `# Callbacks of RCU come sooner, and a real-time process runs as long as it likes.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
echo 1 >/sys/kernel/rcu_expedited || give_up 'RCU cannot be expedited'
`
    : ''
}
try=1
while [ "$try" -le "$tries" ]; do
	echo "dmrace-reproducer: try $try" >/dev/kmsg
${needs.map((need) => `	modprobe ${quoted(need)} || give_up ${quoted(`${need} does not load`)}\n`).join('')}	${load.join(' ')} || give_up ${quoted(`${module} does not load`)}
${plan.create.map((command) => `	run ${quoted(command)}\n`).join('')}${
  hold === null
    ? ''
    : `	# From here on somebody holds a reference.
	insmod "$here/holder.ko" path=${quoted(hold)} || give_up 'nothing to hold at ${oneLine(hold).replaceAll("'", '')}'
`
}${unload(plan)}${hold === null ? '' : '	# The last reference is dropped after the module has gone.\n	rmmod holder\n'}	waited=0
	while [ "$waited" -lt ${waitS} ]; do
		if crashed; then
			echo "reproduce: try $try crashed; see dmesg"
			exit 0
		fi
		sleep 1
		waited=$((waited + 1))
	done
	try=$((try + 1))
done
echo "reproduce: no crash in $tries tries" >&2
exit 1
`;
}

/** Destroy and unload; in one go at real-time priority, so that nothing comes in between. */
function unload({ destroy, module, realTime }: ReproducerPlan): string {
  const inUse = quoted(`${module} cannot be unloaded: is it in use?`);
  if (!realTime) {
    const runs = destroy.map((command) => `\trun ${quoted(command)}\n`).join('');
    return `${runs}\trmmod ${quoted(module)} || give_up ${inUse}\n`;
  }
  const all = [...destroy.map((command) => `(\n${command}\n)`), `exec rmmod ${quoted(module)}`];
  return `\tchrt -f 50 timeout ${COMMAND_S} sh -c ${quoted(all.join(' && '))} || give_up ${inUse}\n`;
}

/** Says that an option is missing, where the kernel tells its configuration. */
const configCheck = (
  option: string,
): string => `for config in /proc/config.gz "/boot/config-$(uname -r)"; do
	[ -r "$config" ] || continue
	case $config in *.gz) reader=zcat ;; *) reader=cat ;; esac
	"$reader" "$config" | grep -q '^CONFIG_${option}=' ||
		give_up 'this kernel is without CONFIG_${option}'
	break
done
`;

const holderCheck = (): string =>
  `[ -f "$here/holder.ko" ] || give_up 'build holder.ko first: make'
`;
