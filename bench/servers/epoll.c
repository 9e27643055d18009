// The floor: what the kernel charges a C program for the same work. Modes: echo, lines, sink, source.
// It does what a careful C program would do (the lines of one read leave in one write), so it is a limit, not a peer.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536, MIB = 1 << 20, PERIOD = 251, LONGEST = 16384 };

typedef struct {
  int fd;
  unsigned long bytes; // sink: read so far; source: still owed
  size_t rest;         // lines: length of the unfinished line
  char line[];
} Connection;

static int queue;
static char in[CHUNK], out[CHUNK + LONGEST], chunk[CHUNK];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;
    if (n < 0) poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
    else bytes += n, length -= n;
  }
}

static void echo(Connection *c, size_t n) { write_all(c->fd, in, n); }

static void lines(Connection *c, size_t n) {
  size_t length = 0;
  for (size_t at = 0; at < n;) {
    char *end = memchr(in + at, '\n', n - at);
    size_t part = (end ? (size_t)(end - in) + 1 : n) - at;
    if (c->rest + part > LONGEST) fail("line too long");
    if (end) {
      memcpy(out + length, c->line, c->rest), length += c->rest, c->rest = 0;
      memcpy(out + length, in + at, part), length += part;
    } else {
      memcpy(c->line + c->rest, in + at, part), c->rest += part;
    }
    at += part;
  }
  write_all(c->fd, out, length);
}

static void sink(Connection *c, size_t n) {
  for (size_t left = MIB - c->bytes % MIB, at = 0; at + left <= n; at += left, left = MIB)
    write_all(c->fd, in + at + left - 1, 1);
  c->bytes += n;
}

static void flush_owed(Connection *c) {
  while (c->bytes > 0) {
    size_t begin = (CHUNK - c->bytes % CHUNK) % CHUNK;
    ssize_t n = send(c->fd, chunk + begin, CHUNK - begin, MSG_NOSIGNAL);
    if (n < 0) return;
    c->bytes -= n;
  }
}

static void source(Connection *c, size_t n) {
  c->bytes += n * MIB;
  flush_owed(c);
}

static void accept_all(int listener, unsigned events, size_t room) {
  for (int one = 1, fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *c = calloc(1, sizeof *c + room);
    c->fd = fd;
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(queue, EPOLL_CTL_ADD, fd, &e);
  }
}

static int listen_on_free_port(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 511) < 0) fail("listen");
  getsockname(fd, (struct sockaddr *)&at, &length);
  printf("port %d\n", ntohs(at.sin_port)), fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "echo";
  int is_source = !strcmp(mode, "source"), is_lines = !strcmp(mode, "lines");
  void (*received)(Connection *, size_t) = is_source ? source : is_lines ? lines : !strcmp(mode, "sink") ? sink : echo;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < CHUNK; i++) chunk[i] = i % PERIOD;
  queue = epoll_create1(0);
  int listener = listen_on_free_port(), parent = 0;
  epoll_ctl(queue, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
  epoll_ctl(queue, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &parent});
  struct epoll_event events[256];
  for (;;) {
    int count = epoll_wait(queue, events, 256, -1);
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (events[i].data.ptr == &parent) return 0;
      if (events[i].data.ptr == &listener) {
        accept_all(listener, is_source ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN, is_lines ? LONGEST : 0);
        continue;
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(c->fd, in, sizeof in, 0);
        if (n < 0 && errno == EAGAIN) continue;
        if (n <= 0) {
          close(c->fd), free(c);
          continue;
        }
        received(c, n);
      }
      if (is_source && events[i].events & EPOLLOUT) flush_owed(c);
    }
  }
}
