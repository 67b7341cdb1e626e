// SPDX-License-Identifier: MIT

/** A command typed or echoed that shows a file: what follows it unstamped is the file's. */
export const SHOWS =
  /(?:^|[\s:])[$#+>] (?:sudo )?(?:z?cat|dmesg|git (?:log|show|diff)|[ez]?grep|journalctl|tail|head|less|more|sed|awk|echo|printf|diff|curl|mail)\b|<<\s*['"]?\w|^(?:Subject|From|Date|Message-ID): /;
/** For this many lines. */
export const SHOWN = 80;
/** What a line of {@link SHOWS} has. */
export const SHOW_HINTS: readonly string[] = [
  ...['$', '#', '+', '>'].flatMap((p) =>
    [
      'cat',
      'zcat',
      'dmesg',
      'git',
      'grep',
      'zgrep',
      'journalctl',
      'tail',
      'head',
      'less',
      'sed',
      'echo',
    ].map((c) => `${p} ${c} `),
  ),
  'Subject: ',
  'Message-ID: ',
];
