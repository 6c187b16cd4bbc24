"""`make demo-reset`: forget the embedded database; the next `make run` starts with fresh demo data.

The secrets in `DATA_DIR/env` stay. A database named by DATABASE_URL is never touched.
"""

import sys

from unievp.devtools.paths import data_dir
from unievp.devtools.platform import ConfigurationError
from unievp.devtools.run import BASE_DIR, only_one
from unievp.devtools.services import Services


def main() -> int:
    """Returns the exit status; refuses while `make run` is running."""
    folder = data_dir(BASE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with only_one(folder):
            services = Services(folder)
            services.stop()
            services.postgres.destroy()
    except ConfigurationError as trouble:
        sys.stderr.write(f"{trouble} Stop it first.\n")
        return 1
    sys.stdout.write("The embedded database is gone; `make run` makes a new one.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
