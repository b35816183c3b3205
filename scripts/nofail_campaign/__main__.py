# SPDX-License-Identifier: MIT
"""`python3 -m nofail_campaign` is what `scripts/fuzz` runs."""

import sys

from nofail_campaign.build import build, make_job, take_trees
from nofail_campaign.campaign import Campaign
from nofail_campaign.options import parse
from nofail_campaign.terminal import ExitCode, Trouble, leave


def main() -> int:
    options = parse(sys.argv[1:])
    try:
        trees = take_trees(options)
        return Campaign(make_job(options, trees, build(options, trees, [options.target]))).run()
    except KeyboardInterrupt:  # before it fuzzes; later, it has a table to show
        leave(ExitCode.INTERRUPTED, "interrupted")
    except (OSError, Trouble) as error:
        leave(ExitCode.SETUP_FAILED, str(error))


if __name__ == "__main__":
    sys.exit(main())
