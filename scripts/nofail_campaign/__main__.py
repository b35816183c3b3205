# SPDX-License-Identifier: MIT
"""`python3 -m nofail_campaign` is what `scripts/fuzz` runs."""

import dataclasses
import sys
from typing import Sequence

from linux_tree.snapshot import Tree
from nofail_campaign.build import build, make_job, make_search_job, take_trees
from nofail_campaign.campaign import Campaign
from nofail_campaign.options import Options, parse
from nofail_campaign.search import Search
from nofail_campaign.terminal import ExitCode, Trouble, leave


def search(options: Options, trees: Sequence[Tree]) -> tuple[int, frozenset[str]]:
    """Begins with the search of the small. Returns its exit code, and the signatures of its news."""
    campaign = Search(make_search_job(options, trees))
    code = campaign.run()
    campaign.lock.close()
    return code, frozenset(campaign.news_told)


def main() -> int:
    options = parse(sys.argv[1:])
    try:
        trees = take_trees(options)
        code, told = search(options, trees) if options.explore else (int(ExitCode.NOTHING_NEW), frozenset[str]())
        if code not in (ExitCode.NOTHING_NEW, ExitCode.SOMETHING_NEW):
            return code
        job = make_job(options, trees, build(options, trees, [options.target]))
        return max(code, Campaign(dataclasses.replace(job, told=told)).run())
    except KeyboardInterrupt:  # before it fuzzes; later, it has a table to show
        leave(ExitCode.INTERRUPTED, "interrupted")
    except (OSError, Trouble) as error:
        leave(ExitCode.SETUP_FAILED, str(error))


if __name__ == "__main__":
    sys.exit(main())
