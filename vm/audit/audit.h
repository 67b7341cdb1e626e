/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the module share. */
#ifndef AUDIT_H
#define AUDIT_H

#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "dmrace_audit.h"

/* modules.c: memory of the modules that came since BEGIN. */
int modules_init(void);
void modules_begin(void);
bool in_live_module(const void *address);
bool in_gone_module(const void *address);

/* The name of a function or variable, while it is there. */
void name_of(const void *address, char *name, size_t size);
/* A word of memory that may be gone. */
bool peek(const void *address, void *to, size_t size);

/* objects.c: held kobjects. */
int objects_init(const struct kobj_type *module_ktype);
/* @hold: whether what is added from now on is noted and held. */
void objects_begin(bool hold);
void objects_stop(void);
/* Drops what is safe to drop; @own: only what is not of the driver core's types. */
void objects_drop(bool own);
unsigned int objects_count(void);
unsigned int objects_lost(void);
int object_thing(unsigned int index, struct dmrace_audit_thing *thing);
int object_prove(unsigned int index);

/* callbacks.c: timers, work, threads, and the table that rcu.c shares. */
enum callback_state { CALLBACK_DONE, CALLBACK_PENDING, CALLBACK_DELAYED, CALLBACK_RUNNING };

/*
 * struct callback - one callback of a module, from when it is queued
 * @kind:    enum dmrace_audit_kind
 * @state:   whether it is queued; a delayed one was called by RCU and not yet by us, and a running
 *           one is work whose function has not returned
 * @now:     rcu_barrier() was called: it must not be delayed
 * @subject: the rcu_head, timer, hrtimer or work
 * @timer:   of delayed work, while that is what waits
 * @call:    the function
 * @due:     when a delayed one is called
 * @name:    of the function
 */
struct callback {
	unsigned char kind;
	unsigned char state;
	unsigned char now;
	void *subject;
	void *timer;
	void *call;
	unsigned long due;
	char name[64];
};

#define CALLBACKS	1024
extern struct callback callbacks[CALLBACKS];
extern unsigned int callback_slots;
extern raw_spinlock_t callbacks_lock;

int callbacks_init(void);
void callbacks_begin(void);
void callbacks_stop(void);
bool callbacks_noted(void);
unsigned int callbacks_count(void);
unsigned int callbacks_lost(void);
unsigned int threads_count(void);
int callback_thing(unsigned int index, struct dmrace_audit_thing *thing);
int callback_prove(unsigned int index);
/* With the lock held; NULL: there is no room, or none of that kind is known. */
struct callback *callback_queued(int kind, void *subject, void *call);
struct callback *callback_find(int kind, const void *subject);

/* rcu.c */
int rcu_init_probes(void);
void rcu_begin(bool delay);
void rcu_end(void);
/* How many callbacks of modules that are there are yet to be called. */
unsigned int rcu_queued(void);

#endif
