/* The smallest MCP server that a bridge can be measured with: what it costs itself is next to nothing.
 * One line in, one line out; a call's argument "n" is the size of the text in its answer.
 * cc -O2 -o echo_server echo_server.c */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *out;
static size_t filled, room;

static void flush_out(void) {
  size_t done = 0;
  while (done < filled) {
    ssize_t n = write(1, out + done, filled - done);
    if (n <= 0) exit(1);
    done += (size_t)n;
  }
  filled = 0;
}

static void put(const char *text, size_t size) {
  if (filled + size > room) {
    room = (filled + size) * 2;
    out = realloc(out, room);
    if (!out) exit(1);
  }
  memcpy(out + filled, text, size);
  filled += size;
}

static void puts_out(const char *text) { put(text, strlen(text)); }

static void answer(char *line, char *end) {
  static const char hello[] =
      "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
      "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"}}";
  char *id = memmem(line, (size_t)(end - line), "\"id\":", 5);
  if (!id) return;
  id += 5;
  char *stop = id;
  while (*stop != ',' && *stop != '}') stop++;
  puts_out("{\"jsonrpc\":\"2.0\",\"id\":");
  put(id, (size_t)(stop - id));
  if (memmem(line, (size_t)(end - line), "\"tools/call\"", 12)) {
    char *n = memmem(line, (size_t)(end - line), "\"n\":", 4);
    long size = n ? atol(n + 4) : 5;
    puts_out(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"");
    static char filler[65536];
    memset(filler, 'x', sizeof filler);
    for (; size > 0; size -= (long)sizeof filler) put(filler, size > (long)sizeof filler ? sizeof filler : (size_t)size);
    puts_out("\"}]}}\n");
  } else if (memmem(line, (size_t)(end - line), "\"initialize\"", 12)) {
    puts_out(",\"result\":");
    puts_out(hello);
    puts_out("}\n");
  } else if (memmem(line, (size_t)(end - line), "\"ping\"", 6)) {
    puts_out(",\"result\":{}}\n");
  } else {
    puts_out(",\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n");
  }
}

int main(void) {
  size_t size = 1 << 20, have = 0;
  char *in = malloc(size + 1);
  for (;;) {
    if (have == size) in = realloc(in, (size *= 2) + 1);
    if (!in) return 1;
    ssize_t n = read(0, in + have, size - have);
    if (n <= 0) return 0;
    have += (size_t)n;
    char *line = in, *end;
    while ((end = memchr(line, '\n', have - (size_t)(line - in)))) {
      answer(line, end);
      line = end + 1;
    }
    have -= (size_t)(line - in);
    memmove(in, line, have);
    flush_out();
  }
}
