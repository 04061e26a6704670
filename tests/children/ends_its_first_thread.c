/* The first thread ends; another says ready, lives on for so many milliseconds and then ends the process with code 5. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *live_on(void *milliseconds) {
    usleep(50000);
    puts("ready");
    fflush(stdout);
    usleep(1000 * atoi(milliseconds));
    exit(5);
}

int main(int count, char **arguments) {
    pthread_t thread;
    pthread_create(&thread, NULL, live_on, count > 1 ? arguments[1] : "1000");
    pthread_exit(NULL);
}
