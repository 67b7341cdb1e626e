// SPDX-License-Identifier: MIT

/** A file that is no ELF file of the kind that is read here; the message goes on after its name. */
export class ElfError extends Error {
  override readonly name = 'ElfError';
}
