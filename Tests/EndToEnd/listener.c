// listener [DIRECTORY [OPTION…]]: listens on a loopback port from DIRECTORY, prints the port, and waits for the end of its input.
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    char end;
    if (argc > 1 && chdir(argv[1]) != 0) return 1;
    if (bind(server, (void *)&address, sizeof address) || listen(server, 1) || getsockname(server, (void *)&address, &size)) return 2;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (read(0, &end, 1) > 0) {}
    return 0;
}
