/* One task: takes memory, computes and ends, by its line of the plan that lies beside this program.
 *
 *     work KEY NUMBER
 *
 * Its progress is fluid: a slice takes at least its length, and longer where processors or pages are scarce. What was
 * not reached in time is not caught up. Each attempt has a place in the journal, written as it goes, so that what the
 * kernel or a rival kills can be told from what ended. The layout is known to journal.py and work.py, too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ATTEMPTS 32
#define HUGE_PAGE (2UL << 20)
#define SLICE_NS 10000000.0

struct attempt {
    uint64_t started_ns, seen_ns, cpu_ns, done_millionths, ended;
};
struct place {
    uint64_t attempts;
    struct attempt attempt[ATTEMPTS];
};
struct plan {
    double duration_s, cores, base, peak, rise_from, rise_to;
};

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Where the file NAME is that lies beside this program. */
static const char *beside(const char *name) {
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    if (length < 0) exit(2);
    path[length] = 0;
    strcpy(strrchr(path, '/') + 1, name);
    return path;
}

/* Reads the plan's line NUMBER; the first line says how long any task may live, whatever happens. */
static struct plan read_plan(long number) {
    struct plan plan;
    unsigned lifetime_s;
    long found;
    FILE *file = fopen(beside("plan"), "r");
    if (!file || fscanf(file, "%u", &lifetime_s) != 1) exit(2);
    alarm(lifetime_s);
    while (fscanf(file, "%ld %lf %lf %lf %lf %lf %lf", &found, &plan.duration_s, &plan.cores, &plan.base, &plan.peak,
                  &plan.rise_from, &plan.rise_to) == 7)
        if (found == number) {
            fclose(file);
            return plan;
        }
    exit(2);
}

static struct attempt *begin_attempt(long number) {
    int file = open(beside("journal"), O_RDWR);
    if (file < 0) exit(2);
    off_t size = lseek(file, 0, SEEK_END);
    struct place *places = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (places == MAP_FAILED) exit(2);
    close(file);
    uint64_t turn = __atomic_fetch_add(&places[number].attempts, 1, __ATOMIC_SEQ_CST);
    if (turn >= ATTEMPTS) exit(3);
    places[number].attempt[turn].started_ns = now(CLOCK_MONOTONIC);
    return &places[number].attempt[turn];
}

/* How much memory is to be held when the share AT of the run is over. */
static double level(const struct plan *plan, double at) {
    if (at >= plan->rise_to) return plan->peak;
    if (at <= plan->rise_from) return plan->base;
    return plan->base + (plan->peak - plan->base) * (at - plan->rise_from) / (plan->rise_to - plan->rise_from);
}

static void note(struct attempt *attempt, double done) {
    attempt->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    attempt->done_millionths = (uint64_t)(done * 1e6);
    attempt->seen_ns = now(CLOCK_MONOTONIC);
}

/* Large pages, so that taking memory costs little beside the computing. */
static char *reserve(double bytes) {
    size_t size = (size_t)bytes + 2 * HUGE_PAGE;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) exit(2);
    memory += HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE;
    madvise(memory, (size_t)bytes, MADV_HUGEPAGE);
    return memory;
}

static void burn_until(uint64_t cpu_ns) {
    volatile unsigned value = 1;
    while (now(CLOCK_THREAD_CPUTIME_ID) < cpu_ns)
        for (int turn = 0; turn < 20000; turn++) value = value * 1664525u + 1013904223u;
}

static void sleep_until(uint64_t at_ns) {
    struct timespec time = {(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) continue;
}

static void work(const struct plan *plan, struct attempt *attempt) {
    char *memory = reserve(plan->peak);
    double total_ns = plan->duration_s * 1e9, done = 0;
    size_t touched = 0;
    while (done < 1) {
        double slice = SLICE_NS / total_ns < 1 - done ? SLICE_NS / total_ns : 1 - done;
        uint64_t begun = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
        double wanted = level(plan, done + slice);
        for (; touched < wanted; touched += 4096) memory[touched] = 1;
        note(attempt, done);
        burn_until(cpu + (uint64_t)(slice * total_ns * plan->cores));
        sleep_until(begun + (uint64_t)(slice * total_ns));
        done += slice;
        if (1 - done < 1e-9) done = 1;
        note(attempt, done);
    }
}

int main(int count, char **words) {
    if (count != 3) return 2;
    long number = strtol(words[2], NULL, 10);
    struct plan plan = read_plan(number);
    struct attempt *attempt = begin_attempt(number);
    work(&plan, attempt);
    attempt->ended = 1;
    return 0;
}
