// SPDX-License-Identifier: MIT
import { RECORD_FIELDS } from '../model/record.js';

/** C spelling of a field name: `startUs` is `start_us`. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

const parameter = ([name, type]: [string, string]): string =>
  type === 's' ? `const char *${snake(name)}` : `long long ${snake(name)}`;

/**
 * The C header `record-kinds.h`: one typed `record_KIND()` for each kind of record, and a table for
 * the command line program. Pure: the same records give the same text.
 */
export function recordHeader(): string {
  const kinds = Object.entries(RECORD_FIELDS).map(([kind, fields]) => ({
    kind,
    fields: Object.entries(fields),
  }));
  const tables = kinds.map(
    ({ kind, fields }) =>
      `static const struct record_field record_fields_${kind}[] = {\n` +
      fields.map(([name, type]) => `\t{ "${name}", '${type}' },\n`).join('') +
      `\t{ NULL, 0 },\n};\n` +
      `static const struct record_kind record_kind_${kind} = { "${kind}", record_fields_${kind} };\n`,
  );
  const functions = kinds.map(
    ({ kind, fields }) =>
      `static inline int record_${kind}(${fields.map(parameter).join(', ')})\n{\n` +
      `\treturn record_write(&record_kind_${kind}, ${fields.map(([name]) => snake(name)).join(', ')});\n}\n`,
  );
  return `/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated from harness/model/record.ts; do not edit. */
#ifndef DMRACE_RECORD_KINDS_H
#define DMRACE_RECORD_KINDS_H

#include <stddef.h>

struct record_field {
	const char *name;
	char type;	/* 'd': long long, 's': const char * */
};

struct record_kind {
	const char *name;
	const struct record_field *fields;
};

int record_write(const struct record_kind *kind, ...);

${tables.join('\n')}
${functions.join('\n')}
#ifdef RECORD_KINDS_TABLE
static const struct record_kind record_kinds[] = {
${kinds.map(({ kind }) => `\t{ "${kind}", record_fields_${kind} },\n`).join('')}\t{ NULL, NULL },
};
#endif

#endif
`;
}
