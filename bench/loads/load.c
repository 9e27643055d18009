// One load generator for every TCP bench: epoll, one thread, and every byte that comes back is compared.
//
//   load KIND PORT SECONDS CONNECTIONS DEPTH
//
// It prints `ready`, waits for a line on stdin, runs, prints `{"ops":N,"seconds":S}` and keeps what it holds open
// until stdin ends, so that the caller can look at the server before, between and after. Kinds:
// Each OPENING, in hex, is what a connection says first, and ANSWER_BYTES long what it gets for it.
//   exchange  DEPTH lines of 64 bytes at a time on each connection; all must come back the same
//   calls     DEPTH AMP calls of Sum at a time on each connection, as Twisted's client makes them; all must be answered
//   frames    DEPTH WebSocket text messages of 64 bytes at a time on each connection; all must come back the same
//   spread    the first connection sends DEPTH of them at a time; all connections must get each of them
//   send      64 KiB chunks to the server, which answers each MiB with that MiB's last byte
//   receive   one byte asks for one MiB in 64 KiB chunks
//   churn     connect, one exchange of 64 bytes, half-close, wait for the server's close; CONNECTIONS at a time
//   hold      open CONNECTIONS and leave them idle; every hundredth shows by one exchange that it is served
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, CHUNK = 65536, MIB = 1 << 20, PERIOD = 251, WINDOW = 4, MAX_DEPTH = 64, GRACE_SECONDS = 10, MAX_OPENINGS = 4 };

typedef struct {
  int fd;
  int state;
  unsigned long sent, got; // bytes
  char out[(MESSAGE + 2) * MAX_DEPTH];
} Connection;

typedef struct {
  unsigned char bytes[256];
  size_t length, answer;
} Opening;

static int port, depth, queue;
static double deadline;
static unsigned long ops;
static unsigned sequence;
static char pattern[PERIOD + MIB], scratch[MIB];
static Opening openings[MAX_OPENINGS];
static int opening_count;

static void refuse(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  exit(1);
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s (%s)\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// A connection per source address in turn: one address would run out of ports while closed ones linger.
static int dial(int nonblocking) {
  static unsigned host;
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("cannot make a socket");
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u + host++ % 200)};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001u)};
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("cannot bind");
  if (nonblocking) fcntl(fd, F_SETFL, O_NONBLOCK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) fail("cannot connect");
  return fd;
}

static void add_opening(const char *hex, const char *answer) {
  Opening *o = &openings[opening_count++];
  o->length = strlen(hex) / 2, o->answer = atoi(answer);
  if (o->length > sizeof o->bytes) refuse("opening out of bounds");
  for (size_t i = 0; i < o->length; i++)
    if (sscanf(hex + 2 * i, "%2hhx", &o->bytes[i]) != 1) refuse("opening is not hex");
}

// What no answer is due to leaves in one segment with the first message.
static void open_up(int fd) {
  for (Opening *o = openings; o < openings + opening_count; o++) {
    if (send(fd, o->bytes, o->length, MSG_NOSIGNAL | (o->answer ? 0 : MSG_MORE)) != (ssize_t)o->length) fail("cannot send");
    if (o->answer && recv(fd, scratch, o->answer, MSG_WAITALL) != (ssize_t)o->answer) fail("was refused");
  }
}

static void watch(Connection *c, unsigned events) {
  struct epoll_event e = {.events = events, .data.ptr = c};
  if (epoll_ctl(queue, EPOLL_CTL_ADD, c->fd, &e) < 0) fail("cannot watch a connection");
}

static void put_digits(char *at, unsigned number, unsigned base) {
  for (int digit = 0; digit < 8; digit++, number /= base) at[7 - digit] = "0123456789abcdef"[number % base];
}

// Each message carries its own number, so that an answer to another message is seen as wrong.
static void send_messages(Connection *c, int count) {
  for (int i = 0; i < count; i++) {
    char *at = c->out + i * MESSAGE;
    memset(at, 'a' + i % 26, MESSAGE);
    put_digits(at, sequence++, 16);
    at[MESSAGE - 2] = '\r', at[MESSAGE - 1] = '\n';
  }
  c->sent = count * MESSAGE, c->got = 0;
  if (send(c->fd, c->out, c->sent, MSG_NOSIGNAL) != (ssize_t)c->sent) fail("cannot send");
}

// Returns 1 when everything that was sent has come back.
static int receive_messages(Connection *c) {
  ssize_t n = recv(c->fd, scratch, sizeof scratch, 0);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) fail("the server closed while an answer was due");
  if (c->got + n > c->sent || memcmp(scratch, c->out + c->got, n)) refuse("the server answered with wrong bytes");
  c->got += n;
  return c->got == c->sent;
}

// The calls are sent and their answers kept, to be compared.
static void send_calls(Connection *c, int count) {
  static const char call[] = "\0\4_ask\0\10xxxxxxxx\0\10_command\0\3Sum\0\1a\0\10dddddddd\0\1b\0\0017\0";
  static const char answer[] = "\0\7_answer\0\10xxxxxxxx\0\5total\0\10dddddddd\0";
  char *at = scratch, *due = c->out;
  for (int i = 0; i < count; i++, at += sizeof call, due += sizeof answer) {
    unsigned number = sequence++, summand = 10000000 + number % 80000000;
    memcpy(at, call, sizeof call), put_digits(at + 8, number, 16), put_digits(at + 36, summand, 10);
    memcpy(due, answer, sizeof answer), put_digits(due + 11, number, 16), put_digits(due + 28, summand + 7, 10);
  }
  c->sent = due - c->out, c->got = 0;
  if (send(c->fd, scratch, at - scratch, MSG_NOSIGNAL) != at - scratch) fail("cannot send");
}

// A masked frame for each message, and the frame that is due for it, in one buffer each.
static size_t put_frames(char *frames, char *due, int count) {
  static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
  for (int i = 0; i < count; i++, frames += MESSAGE + 6, due += MESSAGE + 2) {
    due[0] = (char)0x81, due[1] = MESSAGE;
    memset(due + 2, 'a' + i % 26, MESSAGE), put_digits(due + 2, sequence++, 16);
    frames[0] = (char)0x81, frames[1] = (char)(0x80 | MESSAGE), memcpy(frames + 2, key, 4);
    for (int at = 0; at < MESSAGE; at++) frames[6 + at] = due[2 + at] ^ key[at % 4];
  }
  return count * (MESSAGE + 6);
}

static void send_frames(Connection *c, int count) {
  size_t length = put_frames(scratch, c->out, count);
  c->sent = count * (MESSAGE + 2), c->got = 0;
  if (send(c->fd, scratch, length, MSG_NOSIGNAL) != (ssize_t)length) fail("cannot send");
}

// Each of the following handles one event and returns 1 when its connection has done all it will do.
static int exchange(Connection *c, int over) {
  if (!receive_messages(c)) return 0;
  ops += depth;
  if (over) return 1;
  send_messages(c, depth);
  return 0;
}

static int call(Connection *c, int over) {
  if (!receive_messages(c)) return 0;
  ops += depth;
  if (over) return 1;
  send_calls(c, depth);
  return 0;
}

static int echo_frames(Connection *c, int over) {
  if (!receive_messages(c)) return 0;
  ops += depth;
  if (over) return 1;
  send_frames(c, depth);
  return 0;
}

static Connection *audience;
static int audience_size, audience_left;

static void speak(void) {
  send_frames(audience, depth);
  for (int i = 1; i < audience_size; i++) {
    memcpy(audience[i].out, audience->out, audience->sent);
    audience[i].sent = audience->sent, audience[i].got = 0;
  }
  audience_left = audience_size;
}

// Done when everybody has got everything.
static int spread(Connection *c, int over) {
  if (!receive_messages(c) || --audience_left > 0) return 0;
  ops += (unsigned long)audience_size * depth;
  if (over) return 1;
  speak();
  return 0;
}

static int push(Connection *c, int over) {
  for (;;) {
    ssize_t n = recv(c->fd, scratch, sizeof scratch, 0);
    if (n == 0) fail("the server closed while an answer was due");
    if (n < 0 && errno != EAGAIN) fail("cannot read an answer");
    if (n < 0) break;
    for (ssize_t i = 0; i < n; i++, c->got += MIB, ops += MIB / CHUNK)
      if (scratch[i] != pattern[(c->got + MIB - 1) % PERIOD]) refuse("the server answered with wrong bytes");
  }
  if (c->got > c->sent) refuse("the server acknowledged more than was sent");
  while (c->sent - c->got < WINDOW * MIB && !(over && c->sent % MIB == 0)) {
    ssize_t n = send(c->fd, pattern + c->sent % PERIOD, CHUNK - c->sent % CHUNK, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) fail("cannot send");
    if (n < 0) break;
    c->sent += n;
  }
  return over && c->got == c->sent;
}

static void ask(Connection *c) {
  if (send(c->fd, "?", 1, MSG_NOSIGNAL) != 1) fail("cannot send");
  c->sent += MIB;
}

static int pull(Connection *c, int over) {
  ssize_t n = recv(c->fd, scratch, sizeof scratch - CHUNK, 0);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) fail("the server closed while bytes were due");
  for (ssize_t at = 0; at < n;) {
    size_t part = CHUNK - c->got % CHUNK;
    if (part > (size_t)(n - at)) part = n - at;
    if (memcmp(scratch + at, pattern + c->got % CHUNK, part)) refuse("the server sent wrong bytes");
    at += part, c->got += part;
    if (c->got % CHUNK == 0) ops++;
  }
  if (c->got > c->sent) refuse("the server sent more than was asked for");
  while (!over && c->sent - c->got <= (WINDOW - 1) * MIB) ask(c);
  return c->got == c->sent;
}

enum { CONNECTING, WAITING, CLOSING };

static void redial(Connection *c) {
  c->fd = dial(1), c->state = CONNECTING;
  watch(c, EPOLLOUT);
}

static int churn(Connection *c, int over) {
  if (c->state == CONNECTING) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(queue, EPOLL_CTL_MOD, c->fd, &e);
    open_up(c->fd);
    send_messages(c, 1);
    c->state = WAITING;
  } else if (c->state == WAITING) {
    if (!receive_messages(c)) return 0;
    shutdown(c->fd, SHUT_WR);
    c->state = CLOSING;
  } else {
    if (recv(c->fd, scratch, sizeof scratch, 0) != 0) fail("the server did not close cleanly");
    close(c->fd);
    ops++;
    if (over) return 1;
    redial(c);
  }
  return 0;
}

static void hold(int connections) {
  Connection c = {0};
  for (int i = 1; i <= connections; i++, ops++) {
    c.fd = dial(0);
    if (i % 100 && i != connections) continue;
    send_messages(&c, 1);
    while (!receive_messages(&c)) continue;
  }
}

static void run(int (*step)(Connection *, int), int connections) {
  struct epoll_event events[256];
  for (int left = connections; left > 0;) {
    int count = epoll_wait(queue, events, 256, 1000);
    double at = now();
    if (at > deadline + GRACE_SECONDS) refuse("the server did not answer in time");
    for (int i = 0; i < count; i++) {
      Connection *c = events[i].data.ptr;
      if (!step(c, at >= deadline)) continue;
      left--;
      epoll_ctl(queue, EPOLL_CTL_DEL, c->fd, NULL);
    }
  }
}

static void wait_for_line(void) {
  char c;
  while (read(0, &c, 1) == 1 && c != '\n') continue;
}

int main(int argc, char **argv) {
  if (argc < 6 || argc % 2 || argc > 6 + 2 * MAX_OPENINGS)
    refuse("usage: load exchange|calls|frames|spread|send|receive|churn|hold PORT SECONDS CONNECTIONS DEPTH [OPENING ANSWER_BYTES]…");
  for (int i = 6; i < argc; i += 2) add_opening(argv[i], argv[i + 1]);
  if (!strcmp(argv[1], "churn") && opening_count && openings[0].answer) refuse("churn takes no answer to its opening");
  const char *kind = argv[1];
  port = atoi(argv[2]), depth = atoi(argv[5]);
  double seconds = atof(argv[3]);
  int connections = atoi(argv[4]);
  if (depth < 1 || depth > MAX_DEPTH || connections < 1 || connections > 19000) refuse("count out of bounds");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = i % PERIOD;
  queue = epoll_create1(0);

  int is_exchange = !strcmp(kind, "exchange"), is_calls = !strcmp(kind, "calls"), is_send = !strcmp(kind, "send"), is_receive = !strcmp(kind, "receive");
  int is_frames = !strcmp(kind, "frames"), is_spread = !strcmp(kind, "spread");
  int is_churn = !strcmp(kind, "churn"), opened_before = is_exchange || is_calls || is_frames || is_spread || is_send || is_receive;
  Connection *all = calloc(connections, sizeof *all);
  for (int i = 0; opened_before && i < connections; i++) {
    all[i].fd = dial(0);
    open_up(all[i].fd);
    send_messages(&all[i], 0);
    fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
  }
  puts("ready"), fflush(stdout);
  wait_for_line();

  double begun = now();
  deadline = begun + seconds;
  for (int i = 0; opened_before && i < connections; i++) {
    watch(&all[i], is_send ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN);
    if (is_exchange) send_messages(&all[i], depth);
    if (is_calls) send_calls(&all[i], depth);
    if (is_frames) send_frames(&all[i], depth);
    if (is_receive) for (int asked = 0; asked < WINDOW; asked++) ask(&all[i]);
  }
  audience = all, audience_size = connections;
  if (is_spread) speak();
  for (int i = 0; is_churn && i < connections; i++) redial(&all[i]);
  if (is_exchange) run(exchange, connections);
  else if (is_calls) run(call, connections);
  else if (is_frames) run(echo_frames, connections);
  else if (is_spread) run(spread, 1);
  else if (is_send) run(push, connections);
  else if (is_receive) run(pull, connections);
  else if (is_churn) run(churn, connections);
  else hold(connections);
  printf("{\"ops\":%lu,\"seconds\":%.6f}\n", ops, now() - begun), fflush(stdout);
  wait_for_line();
  return 0;
}
