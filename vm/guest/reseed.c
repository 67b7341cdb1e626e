// SPDX-License-Identifier: GPL-2.0-only
/*
 * reseed - mix words of the host's into the kernel's random numbers
 *
 *	reseed WORD...
 *
 * VMs that start from one saved state have one state of the generator, and would draw the same
 * "random" delays in every trial.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "record-kinds.h"

int reseed_main(int argc, char **argv)
{
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + 256];
	} pool = { .info = { 0 } };
	char *bytes = (char *)pool.info.buf;
	int fd, i, error = 0;

	for (i = 1; i < argc; i++) {
		size_t length = strlen(argv[i]);

		if (pool.info.buf_size + length > 256)
			return record_failure("reseed: too many bytes", E2BIG), 2;
		memcpy(bytes + pool.info.buf_size, argv[i], length);
		pool.info.buf_size += length;
	}
	/* As much as makes the generator ready (POOL_READY_BITS): nothing in here is a secret. */
	pool.info.entropy_count = 256;

	fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return record_failure("open /dev/urandom", errno), 1;
	/*
	 * drivers/char/random.c, random_ioctl(). What is added waits in the pool until the next reseed;
	 * that one also makes the per-CPU batches of get_random_u32() stale.
	 */
	if (ioctl(fd, RNDADDENTROPY, &pool.info))
		error = record_failure("RNDADDENTROPY", errno);
	else if (ioctl(fd, RNDRESEEDCRNG))
		error = record_failure("RNDRESEEDCRNG", errno);
	close(fd);
	return error || record_reseed(pool.info.buf_size) ? 1 : 0;
}
