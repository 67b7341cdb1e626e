// SPDX-License-Identifier: MIT
import type { ReproducerPlan } from './plan.js';
import { oneLine } from './shell.js';

/** A code block whose fence is longer than any in it (CommonMark 0.31, 4.5). */
function block(lines: readonly string[]): string {
  const text = lines
    .join('\n')
    // Nothing acts on a terminal that shows the file.
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((found) => found[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}\n`;
}

/** A report without what follows its end: the kernel prints the registers again (v6.12, oops_end()). */
function untilTraceEnd(report: readonly string[]): readonly string[] {
  const end = report.findIndex((line) => line.includes('---[ end trace'));
  return end < 0 ? report : report.slice(0, end + 1);
}

/** README.md of a reproducer: what it shows, what it needs, and the report that is to be expected. */
export function readme(plan: ReproducerPlan): string {
  const { kernel, hold, module, config, tools, seen, report, address } = plan;
  const packages = [...new Set(tools.flatMap(({ package: name }) => name ?? []))];
  const nobody = tools.filter(({ package: name }) => name === null).map(({ name }) => name);
  const needs = [
    'root on a machine that may crash: a virtual machine with one processor is best',
    `a kernel with ${module} as a module${config.map((option) => ` and CONFIG_${option}=y`).join('')}`,
    `kmod and util-linux, which most systems have${packages.length > 0 ? `, and ${packages.join(', ')} (Debian’s names of packages)` : ''}`,
    ...(nobody.length > 0 ? [`the programs ${nobody.join(', ')}`] : []),
    ...(hold === null
      ? []
      : ['make, gcc and the kernel’s headers, for holder.ko (linux-headers-$(uname -r))']),
  ];
  const times =
    seen === null
      ? ''
      : ` There it crashed in ${seen.times} of ${seen.of} tries, each in a fresh virtual machine.`;
  return `# ${oneLine(plan.title)}

${plan.why.join('\n\n')}
${plan.documentation === null ? '' : `\nThe kernel’s own page about it: \`${plan.documentation}\`.\n`}
## What it needs
${needs.map((need) => `- ${need}\n`).join('')}
## Run it
${block([...(hold === null ? [] : ['make']), 'sudo ./reproduce.sh'])}
It ends with 0 when the kernel has crashed (the report is in \`dmesg\`, if the machine still answers), with 1 when it has not in ${plan.tries === 1 ? 'the one try' : `${plan.tries} tries`} (\`./reproduce.sh TRIES\`), and with 2 when it cannot be tried. A kernel with \`panic_on_oops\`, or one that panics by itself, ends the machine instead: then the report is on its console.
${
  hold === null
    ? '\nNo module of ours is in the kernel, which the report shows: `Not tainted`.\n'
    : '\n`holder.ko` is the only thing that is not the kernel’s own. It holds one reference on a kobject, as any code of the kernel may, and drops it after the unload; it taints the kernel as a module from outside.\n'
}
## What is to be seen
Seen on ${oneLine(kernel.release)} (${oneLine(kernel.version)}, ${kernel.arch}).${times}${
    address === null ? '' : ` The address that crashed was \`${oneLine(address)}\`.`
  }
${block(untilTraceEnd(report))}
Addresses and the task differ from run to run. Since 6.15 x86-64 kernels fill freed module text with int3, so that the same mistake is an \`int3\` and a panic there.

Written by dmrace ${plan.dmrace}.
`;
}
