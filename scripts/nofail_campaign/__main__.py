# SPDX-License-Identifier: MIT
"""`python3 -m nofail_campaign` is what `scripts/fuzz` runs."""

import dataclasses
import sys

from linux_tree.snapshot import Tree
from nofail_campaign import folder, summary
from nofail_campaign.build import make_job, take_trees
from nofail_campaign.campaign import Campaign
from nofail_campaign.options import Options, parse
from nofail_campaign.terminal import ExitCode, Trouble, leave


def fuzz_baseline(options: Options, baseline: Tree) -> str:
    """Fuzzes the baseline first, and returns the option that tells a fuzz binary what was found there."""
    job = make_job(dataclasses.replace(options, linux=options.baseline, baseline="", resume=False), [baseline])
    campaign = Campaign(job)
    code = campaign.run()
    if code not in (ExitCode.NOTHING_NEW, ExitCode.SOMETHING_NEW):
        sys.exit(code)
    signatures = sorted(v.signature for v in summary.read_totals(job.tool, job.findings).violations)
    listed = job.work / "signatures"
    folder.replace(listed, "".join(signature + "\n" for signature in signatures).encode())
    campaign.lock.close()
    return f"--baseline={listed}"


def main() -> int:
    options = parse(sys.argv[1:])
    try:
        trees = take_trees(options)
        pass_on = [fuzz_baseline(options, trees[1])] if options.baseline else []
        return Campaign(make_job(options, trees, pass_on)).run()
    except KeyboardInterrupt:  # before it fuzzes; later, it has a table to show
        leave(ExitCode.INTERRUPTED, "interrupted")
    except (OSError, Trouble) as error:
        leave(ExitCode.SETUP_FAILED, str(error))


if __name__ == "__main__":
    sys.exit(main())
