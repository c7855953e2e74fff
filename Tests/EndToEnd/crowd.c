// crowd COUNT: so many processes that wait, the first of them in a tree of its own; prints "ready" and waits for the end of its input.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0, made = 0;
    char end;
    signal(SIGCHLD, SIG_IGN);
    for (; made < count; made++) {
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) pause();
        }
    }
    printf("%d\n", made);
    fflush(stdout);
    while (read(0, &end, 1) > 0) {}
    kill(0, SIGTERM);
    return 0;
}
