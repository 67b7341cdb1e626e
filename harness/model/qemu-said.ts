// SPDX-License-Identifier: MIT

/**
 * Of what QEMU said, the line that names the cause: "KVM internal error. Suberror: 1" comes before
 * the registers and the code (QEMU 7.2, accel/kvm/kvm-all.c, kvm_handle_internal_error()). Without
 * such a line the last one.
 */
export function causeIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return (
    lines.find((line) => /KVM internal error|KVM: entry failed/.test(line)) ?? lines.at(-1) ?? ''
  );
}
