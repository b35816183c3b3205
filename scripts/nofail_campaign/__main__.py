# SPDX-License-Identifier: MIT
"""`python3 -m nofail_campaign` is what `scripts/fuzz` runs."""

import dataclasses
import sys

from nofail_campaign import summary
from nofail_campaign.build import make_job
from nofail_campaign.campaign import Campaign
from nofail_campaign.options import Options, parse
from nofail_campaign.terminal import ExitCode


def fuzz_baseline(options: Options) -> str:
    """Fuzzes the baseline first, and returns the option that tells a fuzz binary what was found there."""
    job = make_job(dataclasses.replace(options, linux=options.baseline, baseline="", resume=False))
    code = Campaign(job).run()
    if code not in (ExitCode.NOTHING_NEW, ExitCode.SOMETHING_NEW):
        sys.exit(code)
    signatures = sorted(v.signature for v in summary.read_totals(job.tool, job.findings).violations)
    listed = job.work / "signatures"
    listed.write_text("".join(signature + "\n" for signature in signatures), encoding="utf-8")
    return f"--baseline={listed}"


def main() -> int:
    options = parse(sys.argv[1:])
    pass_on = [fuzz_baseline(options)] if options.baseline else []
    return Campaign(make_job(options, pass_on)).run()


if __name__ == "__main__":
    sys.exit(main())
