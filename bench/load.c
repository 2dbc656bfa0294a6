/* MCP clients that cost next to nothing, so that what is measured is what lies between them and the server.
 *   load start COUNT            TARGET   spawn to the answer of `initialize`, COUNT times, one after the other
 *   load loop  COUNT CLIENTS N  TARGET   each client sends its next call when it has its answer of N bytes
 *   load flood COUNT WINDOW  N  TARGET   one client, WINDOW calls in flight
 *   load rate  COUNT CLIENTS R  TARGET   R calls a second, by the clients in turn
 *   load hold  0     CLIENTS 0  TARGET   greet, then wait for the end of stdin
 * TARGET is `unix PATH` or `exec COMMAND...`. One line of numbers on stdout: seconds, and p50, p99, max in us.
 * cc -O2 -o load load.c */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RING 1024

struct client {
  int in, out;
  pid_t pid;
  char head[64];  /* the beginning of the line that is being read */
  size_t known;   /* of it */
  long next, due; /* ids, and answers still due */
  double sent[RING];
  long first, last; /* of `sent`: answers come in the order of the calls */
};

static char **target;
static struct client *clients;
static double *times;
static long taken, wanted, sent_all, size_of_answer;
static char buffer[1 << 20];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void send_all(struct client *one, const char *text, size_t size) {
  while (size) {
    ssize_t n = write(one->out, text, size);
    if (n < 0) die("write");
    text += n;
    size -= (size_t)n;
  }
}

static void open_client(struct client *one) {
  memset(one, 0, sizeof *one);
  if (!strcmp(target[0], "unix")) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, target[1], sizeof address.sun_path - 1);
    one->in = one->out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(one->in, (struct sockaddr *)&address, sizeof address)) die(target[1]);
    return;
  }
  int up[2], down[2];
  if (pipe2(up, 02000000) || pipe2(down, 02000000)) die("pipe");
  one->pid = fork();
  if (!one->pid) {
    dup2(up[0], 0);
    dup2(down[1], 1);
    execvp(target[1], target + 1);
    _exit(127);
  }
  close(up[0]);
  close(down[1]);
  one->out = up[1];
  one->in = down[0];
}

static void close_client(struct client *one) {
  close(one->in);
  if (one->pid) {
    close(one->out);
    waitpid(one->pid, 0, 0);
  }
}

/* Reads what is there; gives how many answers ended in it. */
static int answers(struct client *one) {
  ssize_t n = read(one->in, buffer, sizeof buffer);
  if (n <= 0) die("the answers end");
  int found = 0;
  char *at = buffer, *stop = buffer + n;
  while (at < stop) {
    char *end = memchr(at, '\n', (size_t)(stop - at));
    size_t size = (size_t)((end ? end : stop) - at), room = sizeof one->head - one->known;
    if (size > room) size = room;
    memcpy(one->head + one->known, at, size);
    one->known += size;
    if (!end) break;
    if (memmem(one->head, one->known, "\"error\":", 8)) {
      errno = EPROTO;
      die("an error came for an answer");
    }
    found += memmem(one->head, one->known, "\"id\":", 5) != 0;
    one->known = 0;
    at = end + 1;
  }
  return found;
}

static void greet(struct client *one) {
  static const char hello[] =
      "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
      "\"capabilities\":{},\"clientInfo\":{\"name\":\"load\",\"version\":\"1\"}}}\n";
  send_all(one, hello, sizeof hello - 1);
  while (!answers(one)) {}
}

static void greeted(struct client *one) {
  static const char done[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
  send_all(one, done, sizeof done - 1);
}

static size_t a_call(struct client *one, char *at) {
  return (size_t)sprintf(at,
                         "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\","
                         "\"arguments\":{\"n\":%ld}}}\n",
                         ++one->next, size_of_answer);
}

static void call(struct client *one) {
  char line[256];
  size_t size = a_call(one, line);
  one->sent[one->last++ % RING] = now();
  one->due++;
  sent_all++;
  send_all(one, line, size);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void report(double seconds) {
  qsort(times, (size_t)taken, sizeof *times, by_size);
  printf("%.6f %.1f %.1f %.1f\n", seconds, times[taken / 2] * 1e6, times[taken * 99 / 100] * 1e6,
         times[taken - 1] * 1e6);
}

static void start(void) {
  double begin = now();
  for (taken = 0; taken < wanted; taken++) {
    struct client one;
    double at = now();
    open_client(&one);
    greet(&one);
    times[taken] = now() - at;
    greeted(&one);
    close_client(&one);
    usleep(20000); /* what was behind it puts itself in order */
  }
  report(now() - begin);
}

static void flood(long window) {
  struct client one;
  char *lines = malloc((size_t)window * 256);
  open_client(&one);
  greet(&one);
  greeted(&one);
  double begin = now();
  times[0] = 0;
  while (taken < wanted) {
    size_t size = 0;
    /* By halves: a window that is topped up answer by answer would never be a pipeline. */
    if (one.due <= window / 2)
      for (; one.due < window && sent_all < wanted; one.due++, sent_all++) size += a_call(&one, lines + size);
    send_all(&one, lines, size);
    int n = answers(&one);
    one.due -= n;
    taken += n;
  }
  double seconds = now() - begin;
  taken = 1;
  report(seconds);
  close_client(&one);
}

static void several(long count, double rate, int hold) {
  int poll = epoll_create1(EPOLL_CLOEXEC);
  clients = calloc((size_t)count, sizeof *clients);
  for (long i = 0; i < count; i++) {
    open_client(&clients[i]);
    greet(&clients[i]);
    greeted(&clients[i]);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (unsigned long)i};
    epoll_ctl(poll, EPOLL_CTL_ADD, clients[i].in, &event);
  }
  if (hold) {
    puts("held");
    fflush(stdout);
    while (read(0, buffer, sizeof buffer) > 0) {}
    exit(0);
  }
  double begin = now();
  if (rate == 0)
    for (long i = 0; i < count && sent_all < wanted; i++) call(&clients[i]);
  while (taken < wanted) {
    int patience = -1;
    if (rate > 0 && sent_all < wanted) {
      double due = begin + (double)sent_all / rate - now();
      if (due <= 0) {
        call(&clients[sent_all % count]);
        continue;
      }
      patience = (int)(due * 1000);
    }
    struct epoll_event ready[256];
    int n = epoll_wait(poll, ready, 256, patience);
    for (int k = 0; k < n; k++) {
      struct client *one = &clients[ready[k].data.u64];
      for (int found = answers(one); found > 0; found--) {
        if (taken < wanted) times[taken++] = now() - one->sent[one->first++ % RING];
        one->due--;
        if (rate == 0 && sent_all < wanted) call(one);
      }
    }
  }
  report(now() - begin);
  for (long i = 0; i < count; i++) close_client(&clients[i]);
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  signal(SIGPIPE, SIG_IGN);
  wanted = atol(argv[2]);
  times = malloc(((size_t)wanted + 1) * sizeof *times);
  if (!strcmp(argv[1], "start")) {
    target = argv + 3;
    start();
    return 0;
  }
  long second = atol(argv[3]), third = atol(argv[4]);
  target = argv + 5;
  size_of_answer = 5;
  if (!strcmp(argv[1], "flood")) {
    size_of_answer = third;
    flood(second);
  } else if (!strcmp(argv[1], "rate")) {
    several(second, (double)third, 0);
  } else {
    size_of_answer = third;
    several(second, 0, !strcmp(argv[1], "hold"));
  }
  return 0;
}
