// SPDX-License-Identifier: MIT

/** Folders of tools that the PATH of an ordinary user of Debian lacks. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** A PATH with those folders at its end. Every tool is looked for, and started, by it. */
export function withSbin(given: string | undefined): string {
  // execvp(3) has a default where there is none.
  const folders = (given || '/usr/local/bin:/usr/bin:/bin').split(':').filter(Boolean);
  return [...folders, ...SBIN.filter((folder) => !folders.includes(folder))].join(':');
}
