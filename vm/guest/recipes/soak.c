// SPDX-License-Identifier: GPL-2.0-only
/*
 * soak - object and module come and go for a while, with readers and load around them
 *
 * No window is opened on purpose and none is claimed: what crashes is on the console.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/recipe.h"
#include "recipes/soak.h"

/* The load leaves some time to the readers below it, and to the kernel threads beside it. */
#define SPIN_US		4000
#define REST_US		1000
#define REPORT_MS	1000

/* For nftw(), which hands nothing on. */
static const char *prefix;
static volatile long long *reads;

static int read_attribute(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	char text[4096];
	int fd;

	if (walk->level == 1 && strncmp(path + walk->base, prefix, strlen(prefix)))
		return type == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
	if (type != FTW_F || !(status->st_mode & 0444))
		return FTW_CONTINUE;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return FTW_CONTINUE; /* gone by now: that is what the soak is about */
	if (read(fd, text, sizeof(text)) >= 0)
		++*reads;
	close(fd);
	return FTW_CONTINUE;
}

/* All attributes of all objects, again and again, until it is killed. */
int reader(struct soak *soak, int number)
{
	int error = become(SCHED_IDLE, 0);

	if (error)
		return record_failure("SCHED_IDLE for a reader", -error), 1;
	if (record_party("reader", getpid()))
		return 1;
	prefix = soak->suspect->object_prefix;
	reads = &soak->reads[number];
	for (;;)
		nftw(soak->suspect->objects, read_attribute, 8, FTW_PHYS | FTW_ACTIONRETVAL);
}

int soak_load(struct soak *soak)
{
	(void)soak;
	if (record_party("load", getpid()))
		return 1;
	for (;;) {
		long long until = now_us() + SPIN_US;

		while (now_us() < until)
			;
		usleep(REST_US);
	}
}

static long long all_reads(const struct soak *soak)
{
	long long sum = 0;
	int i;

	for (i = 0; i < READERS; i++)
		sum += soak->reads[i];
	return sum;
}

static int report(const struct soak *soak, long long start, int over)
{
	return record_churn(soak->cycles, all_reads(soak), soak->busy, soak->moves,
			    now_us() - start, soak->phase, over);
}

static pid_t start(struct soak *soak, int which)
{
	pid_t pid = fork();

	if (pid < 0)
		return record_failure("fork", errno);
	if (pid)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(record_failure("prctl", errno) ? 1 : 1);
	_exit(which < READERS ? reader(soak, which) :
	      which == READERS ? soak_load(soak) : churner(soak));
}

/* Until the churner has ended: when it is told to, by a crash, or, when it is stuck, without it. */
static int watch(struct soak *soak, pid_t pid, long long duration_ms, const sigset_t *children)
{
	const struct timespec second = { .tv_sec = REPORT_MS / 1000 };
	long long begun = now_us(), moved = begun, seen = -1;
	int status, error = 0;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		long long now = now_us();

		if (ended < 0)
			return record_failure("waitpid", errno);
		if (ended == pid)
			break;
		if (soak->cycles + soak->busy != seen) {
			seen = soak->cycles + soak->busy;
			moved = now;
		}
		if (now - moved > DEADLINE_MS * 1000LL)
			return report(soak, begun, 0) |
			       record_failure("go on with the soak", ETIMEDOUT);
		if (now - begun >= duration_ms * 1000)
			soak->stop = 1;
		if (sigtimedwait(children, NULL, &second) < 0 && errno == EAGAIN)
			error |= report(soak, begun, 0);
	}
	error |= record_exit("churner", pid, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
			     WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return error | report(soak, begun, WIFEXITED(status) && !WEXITSTATUS(status));
}

static int conduct(struct soak *soak, long long duration_ms)
{
	pid_t pids[READERS + 2];
	sigset_t children;
	int i, error;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &children, NULL))
		return record_failure("sigprocmask", errno);
	for (i = 0; i < READERS + 2; i++) {
		pids[i] = start(soak, i);
		if (pids[i] < 0)
			return -1;
	}
	error = watch(soak, pids[READERS + 1], duration_ms, &children);
	/* Not waited for: one that hangs in the kernel would never be gone. */
	for (i = 0; i < READERS + 2; i++)
		kill(pids[i], SIGKILL);
	return error;
}

int soak(const struct trial *trial, const struct suspect *suspect)
{
	struct soak *soak;

	if (!trial->ms)
		return record_failure("soak: no ms", EINVAL);
	/* The load must not keep those from working that the churner waits for. */
	if (raise_kthreads())
		return -1;
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak == MAP_FAILED)
		return record_failure("mmap", errno);
	soak->suspect = suspect;
	soak->phase = "start";
	return conduct(soak, trial->ms);
}
