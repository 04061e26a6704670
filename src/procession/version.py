"""The version, said once: the build backend, the package and the command line read it here.

Not the place for anything that has to be imported or computed.
"""

VERSION = "0.1.0"
