"""A process between pipes and HTTP: to the broker a server like any other, to a remote server a client.

It keeps a payload's bytes as they are in both directions. `main` begins; `setup` is what it is told, `ports` its own
stdin and stdout, `calls` the book of what waits for an answer, `web` the requests and streams, `streamable` and
`old_sse` the two transports; `message` and `mirror` are pure.
"""
