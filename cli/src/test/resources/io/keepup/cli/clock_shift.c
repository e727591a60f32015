/*
 * Loaded before libc, adds the seconds in the file $CLOCK_SHIFT (8 bytes, as they lie in memory) to what the wall clock shows,
 * and to no other clock. The file may change at any time. Needs no headers, so that a bare gcc can build it.
 */
struct timespec { long sec; long nsec; };
struct timeval { long sec; long usec; };
typedef int (*gettime)(int, struct timespec *);

extern char *getenv(const char *);
extern int open(const char *, int, ...);
extern void *mmap(void *, unsigned long, int, int, int, long);
extern void *dlsym(void *, const char *);

#define NEXT ((void *) -1l)
#define FAILED ((void *) -1)

static gettime next;
static volatile long *shift;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("CLOCK_SHIFT");
  int file = name ? open(name, 0) : -1;
  void *bytes = file < 0 ? FAILED : mmap(0, sizeof(long), 1 /* read */, 1 /* shared */, file, 0);
  shift = bytes == FAILED ? 0 : bytes;
}

int clock_gettime(int clock, struct timespec *time) {
  if (!next) next = (gettime) dlsym(NEXT, "clock_gettime");
  int result = next(clock, time);
  int wall = clock == 0 || clock == 5; /* CLOCK_REALTIME, and the coarse one */
  if (result == 0 && wall && shift) time->sec += *shift;
  return result;
}

int gettimeofday(struct timeval *time, void *zone) {
  struct timespec now;
  int result = clock_gettime(0, &now);
  time->sec = now.sec;
  time->usec = now.nsec / 1000;
  return result;
}
