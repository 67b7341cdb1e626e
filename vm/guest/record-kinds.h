/* SPDX-License-Identifier: GPL-2.0-only */
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

static const struct record_field record_fields_boot[] = {
	{ "release", 's' },
	{ "machine", 's' },
	{ "cmdline", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_boot = { "boot", record_fields_boot };

static const struct record_field record_fields_setup[] = {
	{ "what", 's' },
	{ "value", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_setup = { "setup", record_fields_setup };

static const struct record_field record_fields_failed[] = {
	{ "what", 's' },
	{ "error", 'd' },
	{ "message", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_failed = { "failed", record_fields_failed };

static const struct record_field record_fields_kthreads[] = {
	{ "priority", 'd' },
	{ "raised", 'd' },
	{ "refused", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_kthreads = { "kthreads", record_fields_kthreads };

static const struct record_field record_fields_symbol[] = {
	{ "address", 's' },
	{ "type", 's' },
	{ "name", 's' },
	{ "module", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_symbol = { "symbol", record_fields_symbol };

static const struct record_field record_fields_module[] = {
	{ "name", 's' },
	{ "size", 'd' },
	{ "refcount", 'd' },
	{ "address", 's' },
	{ "taint", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_module = { "module", record_fields_module };

static const struct record_field record_fields_section[] = {
	{ "module", 's' },
	{ "name", 's' },
	{ "address", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_section = { "section", record_fields_section };

static const struct record_field record_fields_ready[] = {
	{ "commands", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_ready = { "ready", record_fields_ready };

static const struct record_field record_fields_trial[] = {
	{ "nonce", 's' },
	{ "seed", 'd' },
	{ "scenario", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_trial = { "trial", record_fields_trial };

static const struct record_field record_fields_device[] = {
	{ "name", 's' },
	{ "number", 's' },
	{ "state", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_device = { "device", record_fields_device };

static const struct record_field record_fields_taint[] = {
	{ "value", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_taint = { "taint", record_fields_taint };

static const struct record_field record_fields_reseed[] = {
	{ "bytes", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_reseed = { "reseed", record_fields_reseed };

static const struct record_field record_fields_cleanup[] = {
	{ "disk", 's' },
	{ "seen", 'd' },
	{ "pid", 'd' },
	{ "waitedUs", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_cleanup = { "cleanup", record_fields_cleanup };

static const struct record_field record_fields_pin[] = {
	{ "path", 's' },
	{ "kobject", 's' },
	{ "refcount", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_pin = { "pin", record_fields_pin };

static const struct record_field record_fields_hold[] = {
	{ "pid", 'd' },
	{ "path", 's' },
	{ "kobject", 's' },
	{ "refcount", 'd' },
	{ "release", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_hold = { "hold", record_fields_hold };

static const struct record_field record_fields_scheduler[] = {
	{ "party", 's' },
	{ "pid", 'd' },
	{ "policy", 's' },
	{ "priority", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_scheduler = { "scheduler", record_fields_scheduler };

static const struct record_field record_fields_waiting[] = {
	{ "pid", 'd' },
	{ "state", 's' },
	{ "wchan", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_waiting = { "waiting", record_fields_waiting };

static const struct record_field record_fields_dropped[] = {
	{ "pid", 'd' },
	{ "dropUs", 'd' },
	{ "returnedUs", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_dropped = { "dropped", record_fields_dropped };

static const struct record_field record_fields_removed[] = {
	{ "pid", 'd' },
	{ "status", 'd' },
	{ "removedUs", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_removed = { "removed", record_fields_removed };

static const struct record_field record_fields_unload[] = {
	{ "pid", 'd' },
	{ "module", 's' },
	{ "error", 'd' },
	{ "refcount", 'd' },
	{ "startUs", 'd' },
	{ "endUs", 'd' },
	{ "holderReturned", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_unload = { "unload", record_fields_unload };

static const struct record_field record_fields_moved[] = {
	{ "module", 's' },
	{ "text", 's' },
	{ "rodata", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_moved = { "moved", record_fields_moved };

static const struct record_field record_fields_churn[] = {
	{ "cycles", 'd' },
	{ "reads", 'd' },
	{ "busy", 'd' },
	{ "moves", 'd' },
	{ "elapsedUs", 'd' },
	{ "phase", 's' },
	{ "over", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_churn = { "churn", record_fields_churn };

static const struct record_field record_fields_spun[] = {
	{ "pid", 'd' },
	{ "startUs", 'd' },
	{ "endUs", 'd' },
	{ "yieldAfter", 'd' },
	{ "blocks", 'd' },
	{ "gaveUp", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_spun = { "spun", record_fields_spun };

static const struct record_field record_fields_exit[] = {
	{ "party", 's' },
	{ "pid", 'd' },
	{ "status", 'd' },
	{ "signal", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_exit = { "exit", record_fields_exit };

static const struct record_field record_fields_window[] = {
	{ "nonce", 's' },
	{ "traceBytes", 'd' },
	{ "traceLost", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_window = { "window", record_fields_window };

static const struct record_field record_fields_visit[] = {
	{ "visit", 'd' },
	{ "module", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_visit = { "visit", record_fields_visit };

static const struct record_field record_fields_step[] = {
	{ "visit", 'd' },
	{ "step", 's' },
	{ "command", 's' },
	{ "status", 'd' },
	{ "signal", 'd' },
	{ "late", 'd' },
	{ "ms", 'd' },
	{ "output", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_step = { "step", record_fields_step };

static const struct record_field record_fields_seen[] = {
	{ "visit", 'd' },
	{ "objects", 'd' },
	{ "callbacks", 'd' },
	{ "lost", 'd' },
	{ "object", 'd' },
	{ "callback", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_seen = { "seen", record_fields_seen };

static const struct record_field record_fields_blocked[] = {
	{ "visit", 'd' },
	{ "step", 's' },
	{ "dropped", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_blocked = { "blocked", record_fields_blocked };

static const struct record_field record_fields_unloaded[] = {
	{ "visit", 'd' },
	{ "module", 's' },
	{ "error", 'd' },
	{ "refcount", 'd' },
	{ "waited", 'd' },
	{ "ms", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_unloaded = { "unloaded", record_fields_unloaded };

static const struct record_field record_fields_outlives[] = {
	{ "visit", 'd' },
	{ "index", 'd' },
	{ "thing", 's' },
	{ "fault", 's' },
	{ "blocked", 'd' },
	{ "object", 's' },
	{ "address", 's' },
	{ "what", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_outlives = { "outlives", record_fields_outlives };

static const struct record_field record_fields_proof[] = {
	{ "visit", 'd' },
	{ "index", 'd' },
	{ "error", 'd' },
	{ "status", 'd' },
	{ "signal", 'd' },
	{ "late", 'd' },
	{ "ms", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_proof = { "proof", record_fields_proof };

static const struct record_field record_fields_visited[] = {
	{ "visit", 'd' },
	{ "spoiled", 'd' },
	{ "ms", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_visited = { "visited", record_fields_visited };

static const struct record_field record_fields_crash[] = {
	{ "nonce", 's' },
	{ "how", 's' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_crash = { "crash", record_fields_crash };

static const struct record_field record_fields_closing[] = {
	{ "nonce", 's' },
	{ "traceBytes", 'd' },
	{ "traceLost", 'd' },
	{ NULL, 0 },
};
static const struct record_kind record_kind_closing = { "closing", record_fields_closing };

static inline int record_boot(const char *release, const char *machine, const char *cmdline)
{
	return record_write(&record_kind_boot, release, machine, cmdline);
}

static inline int record_setup(const char *what, const char *value)
{
	return record_write(&record_kind_setup, what, value);
}

static inline int record_failed(const char *what, long long error, const char *message)
{
	return record_write(&record_kind_failed, what, error, message);
}

static inline int record_kthreads(long long priority, long long raised, long long refused)
{
	return record_write(&record_kind_kthreads, priority, raised, refused);
}

static inline int record_symbol(const char *address, const char *type, const char *name, const char *module)
{
	return record_write(&record_kind_symbol, address, type, name, module);
}

static inline int record_module(const char *name, long long size, long long refcount, const char *address, const char *taint)
{
	return record_write(&record_kind_module, name, size, refcount, address, taint);
}

static inline int record_section(const char *module, const char *name, const char *address)
{
	return record_write(&record_kind_section, module, name, address);
}

static inline int record_ready(const char *commands)
{
	return record_write(&record_kind_ready, commands);
}

static inline int record_trial(const char *nonce, long long seed, const char *scenario)
{
	return record_write(&record_kind_trial, nonce, seed, scenario);
}

static inline int record_device(const char *name, const char *number, const char *state)
{
	return record_write(&record_kind_device, name, number, state);
}

static inline int record_taint(long long value)
{
	return record_write(&record_kind_taint, value);
}

static inline int record_reseed(long long bytes)
{
	return record_write(&record_kind_reseed, bytes);
}

static inline int record_cleanup(const char *disk, long long seen, long long pid, long long waited_us)
{
	return record_write(&record_kind_cleanup, disk, seen, pid, waited_us);
}

static inline int record_pin(const char *path, const char *kobject, long long refcount)
{
	return record_write(&record_kind_pin, path, kobject, refcount);
}

static inline int record_hold(long long pid, const char *path, const char *kobject, long long refcount, const char *release)
{
	return record_write(&record_kind_hold, pid, path, kobject, refcount, release);
}

static inline int record_scheduler(const char *party, long long pid, const char *policy, long long priority)
{
	return record_write(&record_kind_scheduler, party, pid, policy, priority);
}

static inline int record_waiting(long long pid, const char *state, const char *wchan)
{
	return record_write(&record_kind_waiting, pid, state, wchan);
}

static inline int record_dropped(long long pid, long long drop_us, long long returned_us)
{
	return record_write(&record_kind_dropped, pid, drop_us, returned_us);
}

static inline int record_removed(long long pid, long long status, long long removed_us)
{
	return record_write(&record_kind_removed, pid, status, removed_us);
}

static inline int record_unload(long long pid, const char *module, long long error, long long refcount, long long start_us, long long end_us, long long holder_returned)
{
	return record_write(&record_kind_unload, pid, module, error, refcount, start_us, end_us, holder_returned);
}

static inline int record_moved(const char *module, const char *text, const char *rodata)
{
	return record_write(&record_kind_moved, module, text, rodata);
}

static inline int record_churn(long long cycles, long long reads, long long busy, long long moves, long long elapsed_us, const char *phase, long long over)
{
	return record_write(&record_kind_churn, cycles, reads, busy, moves, elapsed_us, phase, over);
}

static inline int record_spun(long long pid, long long start_us, long long end_us, long long yield_after, long long blocks, long long gave_up)
{
	return record_write(&record_kind_spun, pid, start_us, end_us, yield_after, blocks, gave_up);
}

static inline int record_exit(const char *party, long long pid, long long status, long long signal)
{
	return record_write(&record_kind_exit, party, pid, status, signal);
}

static inline int record_window(const char *nonce, long long trace_bytes, long long trace_lost)
{
	return record_write(&record_kind_window, nonce, trace_bytes, trace_lost);
}

static inline int record_visit(long long visit, const char *module)
{
	return record_write(&record_kind_visit, visit, module);
}

static inline int record_step(long long visit, const char *step, const char *command, long long status, long long signal, long long late, long long ms, const char *output)
{
	return record_write(&record_kind_step, visit, step, command, status, signal, late, ms, output);
}

static inline int record_seen(long long visit, long long objects, long long callbacks, long long lost, long long object, long long callback)
{
	return record_write(&record_kind_seen, visit, objects, callbacks, lost, object, callback);
}

static inline int record_blocked(long long visit, const char *step, const char *dropped)
{
	return record_write(&record_kind_blocked, visit, step, dropped);
}

static inline int record_unloaded(long long visit, const char *module, long long error, long long refcount, long long waited, long long ms)
{
	return record_write(&record_kind_unloaded, visit, module, error, refcount, waited, ms);
}

static inline int record_outlives(long long visit, long long index, const char *thing, const char *fault, long long blocked, const char *object, const char *address, const char *what)
{
	return record_write(&record_kind_outlives, visit, index, thing, fault, blocked, object, address, what);
}

static inline int record_proof(long long visit, long long index, long long error, long long status, long long signal, long long late, long long ms)
{
	return record_write(&record_kind_proof, visit, index, error, status, signal, late, ms);
}

static inline int record_visited(long long visit, long long spoiled, long long ms)
{
	return record_write(&record_kind_visited, visit, spoiled, ms);
}

static inline int record_crash(const char *nonce, const char *how)
{
	return record_write(&record_kind_crash, nonce, how);
}

static inline int record_closing(const char *nonce, long long trace_bytes, long long trace_lost)
{
	return record_write(&record_kind_closing, nonce, trace_bytes, trace_lost);
}

#ifdef RECORD_KINDS_TABLE
static const struct record_kind record_kinds[] = {
	{ "boot", record_fields_boot },
	{ "setup", record_fields_setup },
	{ "failed", record_fields_failed },
	{ "kthreads", record_fields_kthreads },
	{ "symbol", record_fields_symbol },
	{ "module", record_fields_module },
	{ "section", record_fields_section },
	{ "ready", record_fields_ready },
	{ "trial", record_fields_trial },
	{ "device", record_fields_device },
	{ "taint", record_fields_taint },
	{ "reseed", record_fields_reseed },
	{ "cleanup", record_fields_cleanup },
	{ "pin", record_fields_pin },
	{ "hold", record_fields_hold },
	{ "scheduler", record_fields_scheduler },
	{ "waiting", record_fields_waiting },
	{ "dropped", record_fields_dropped },
	{ "removed", record_fields_removed },
	{ "unload", record_fields_unload },
	{ "moved", record_fields_moved },
	{ "churn", record_fields_churn },
	{ "spun", record_fields_spun },
	{ "exit", record_fields_exit },
	{ "window", record_fields_window },
	{ "visit", record_fields_visit },
	{ "step", record_fields_step },
	{ "seen", record_fields_seen },
	{ "blocked", record_fields_blocked },
	{ "unloaded", record_fields_unloaded },
	{ "outlives", record_fields_outlives },
	{ "proof", record_fields_proof },
	{ "visited", record_fields_visited },
	{ "crash", record_fields_crash },
	{ "closing", record_fields_closing },
	{ NULL, NULL },
};
#endif

#endif
