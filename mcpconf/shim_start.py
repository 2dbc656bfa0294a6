"""What a client's entry names: imports the shim, which lies beside it, from its compiled form.

Python compiles a script anew each time, which would take as long as all that the shim does. `switch` puts this file as
`shim.py` and `mcpconf/shim.py` as `mcpconf_shim.py` into one directory; where Python can't write there, it is compiled.
"""

import sys

sys.path.append(__file__.rpartition("/")[0] or ".")  # -I leaves it out

import mcpconf_shim  # type: ignore[import-not-found]

mcpconf_shim.main(sys.argv[1:])
