// crowd COUNT: so many processes that wait, none of them another's child; prints how many, and ends them at the end of its input.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 0, made = 0;
    char end;
    for (; made < count; made++) {
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            // A parent that ends leaves its child to the first process, as a server's does that goes into the background.
            if (fork() == 0) {
                for (;;) pause();
            }
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    printf("%d\n", made);
    fflush(stdout);
    while (read(0, &end, 1) > 0) {}
    kill(0, SIGTERM);  // the group is its own: start it in a session of its own
    return 0;
}
