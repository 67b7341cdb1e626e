// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mixes words of the host's into the kernel's random numbers.
 *
 * VMs that start from one saved state have one state of the generator, and would draw the same
 * "random" delays in every trial.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"

#define BYTES	256

int reseed(const char *nonce, long long seed)
{
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + BYTES];
	} pool = { .info = { 0 } };
	int fd, error = 0;

	pool.info.buf_size = snprintf((char *)pool.info.buf, BYTES, "%s%lld", nonce, seed);
	if (pool.info.buf_size >= BYTES)
		return record_failure("reseed: too many bytes", E2BIG);
	/* As much as makes the generator ready (POOL_READY_BITS): nothing in here is a secret. */
	pool.info.entropy_count = 256;

	fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return record_failure("open /dev/urandom", errno);
	/*
	 * drivers/char/random.c, random_ioctl(). What is added waits in the pool until the next reseed;
	 * that one also makes the per-CPU batches of get_random_u32() stale.
	 */
	if (ioctl(fd, RNDADDENTROPY, &pool.info))
		error = record_failure("RNDADDENTROPY", errno);
	else if (ioctl(fd, RNDRESEEDCRNG))
		error = record_failure("RNDRESEEDCRNG", errno);
	close(fd);
	return error ? error : record_reseed(pool.info.buf_size);
}
