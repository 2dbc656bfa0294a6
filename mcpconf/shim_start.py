"""What a client's entry names: imports the shim, which lies beside it, from its compiled form.

Python compiles a script anew each time, which would take as long as all that the shim does. `switch` puts this file as
`shim.py` and `mcpconf/shim.py` as `mcpconf_shim.py` into one directory; where Python can't write there, it is compiled.
"""

import sys

sys.path.append(__file__.rpartition("/")[0] or ".")  # -I leaves it out

try:
    if sys.version_info < (3, 9):  # noqa: UP036  a wrapper runs it by whatever Python there is
        raise ImportError("its Python is older than 3.9")
    import mcpconf_shim  # type: ignore[import-not-found]
except ImportError as fault:  # such as Debian's python3-minimal, which has no _json
    if "--else" not in sys.argv:
        raise
    import os
    import signal

    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    words = sys.argv[sys.argv.index("--else") + 1 :]
    os.execv(words[0], [*words, "the shim can't run: " + str(fault)])  # noqa: S606  this is what it was given

mcpconf_shim.main(sys.argv[1:])
