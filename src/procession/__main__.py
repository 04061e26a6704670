"""`python -m procession`: the same as the `procession` command."""

import sys

from procession.cli.entry import main

sys.exit(main())
