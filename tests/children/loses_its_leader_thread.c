/* The first thread ends (pthread_exit), another goes on: /proc shows the process as a zombie that still runs. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *live_on(void *unused) {
    usleep(100000);
    puts("ready");
    fflush(stdout);
    for (;;) pause();
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, live_on, NULL);
    pthread_exit(NULL);
}
