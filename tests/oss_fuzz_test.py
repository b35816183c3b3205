#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: oss_fuzz_test.py REPOSITORY

What two files say of the same thing is the same, such as the versions of libraries, and what services read can be read.
"""
import pathlib
import re
import sys
import unittest

import yaml

ROOT = pathlib.Path(sys.argv.pop(1))


def text(path: str) -> str:
    return (ROOT / path).read_text()


def cloned(dockerfile: str) -> dict[str, tuple[str, str]]:
    """{address: (tag, commit)} of the libraries that it clones."""
    line = r"^RUN git clone --depth 1 --branch (\S+) (\S+) \S+ && test .* = ([0-9a-f]{40})$"
    return {address: (tag, commit) for tag, address, commit in re.findall(line, dockerfile, re.M)}


def declared(cmake: str) -> dict[str, tuple[str, str]]:
    entry = r"GIT_REPOSITORY (\S+)\s+GIT_TAG ([0-9a-f]{40})[^#]*# (\S+)"
    return {address: (tag, commit) for address, commit, tag in re.findall(entry, cmake)}


class OssFuzz(unittest.TestCase):
    def test_libraries_are_the_same_in_all_builds(self) -> None:
        cmake = declared(text("cmake/dependencies.cmake"))
        self.assertEqual(len(cmake), 3)
        for dockerfile in ("oss-fuzz/Dockerfile", ".clusterfuzzlite/Dockerfile"):
            self.assertEqual(cloned(text(dockerfile)), cmake, dockerfile)

    def test_another_tag_would_be_seen(self) -> None:
        changed = text("oss-fuzz/Dockerfile").replace("--branch boost-1.86.0", "--branch boost-1.85.0", 1)
        self.assertNotEqual(cloned(changed), declared(text("cmake/dependencies.cmake")))

    def test_the_image_and_the_project_name_the_same_system(self) -> None:
        project = yaml.safe_load(text("oss-fuzz/project.yaml"))
        base = f"FROM gcr.io/oss-fuzz-base/base-builder:{project['base_os_version']}\n"
        self.assertIn(base, text("oss-fuzz/Dockerfile"))

    def test_every_project_file_has_the_licence_that_the_service_asks_for(self) -> None:
        for name in ("Dockerfile", "build.sh", "replay_build.sh", "run_tests.sh"):
            self.assertIn("http://www.apache.org/licenses/LICENSE-2.0", text(f"oss-fuzz/{name}"))

    def test_both_services_run_the_same_script(self) -> None:
        self.assertIn("COPY oss-fuzz/build.sh $SRC/", text(".clusterfuzzlite/Dockerfile"))
        self.assertTrue(text("oss-fuzz/build.sh").endswith("\n$SRC/nofail/scripts/build_fuzzers\n"))

    def test_workflows_are_yaml_and_name_scripts_that_exist(self) -> None:
        workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
        self.assertEqual(len(workflows), 4)
        for path in workflows:
            workflow = yaml.safe_load(path.read_text())
            self.assertIn(True, workflow, f"{path}: has no `on:`")  # YAML 1.1 reads the word as a truth value
            for job in workflow["jobs"].values():
                self.assertTrue(job["runs-on"] and job["steps"], path)
                for step in job["steps"]:
                    self.assertTrue("uses" in step or "run" in step, path)
                    for script in re.findall(r"\./(scripts/\S+)", step.get("run", "")):
                        self.assertTrue((ROOT / script).is_file(), f"{path}: {script}")
        self.assertEqual(yaml.safe_load(text(".clusterfuzzlite/project.yaml")), {"language": "c++"})

    def test_a_pull_request_is_compared_with_the_builds_of_main(self) -> None:
        [kept], [compared] = (
            yaml.safe_load(text(f".github/workflows/fuzz-{name}.yml"))["jobs"].values()
            for name in ("build", "pull-request")
        )
        self.assertEqual(kept["strategy"]["matrix"], compared["strategy"]["matrix"])
        [build] = kept["steps"]
        self.assertIs(build["with"]["upload-build"], True)
        self.assertEqual(build["uses"], compared["steps"][0]["uses"])

    def test_what_a_pull_request_shows_is_uploaded(self) -> None:
        [job] = yaml.safe_load(text(".github/workflows/fuzz-pull-request.yml"))["jobs"].values()
        _, run, upload = job["steps"]
        self.assertIs(run["with"]["output-sarif"], True)
        # Where run_fuzzers writes it, beside a copy of the sources.
        self.assertEqual(upload["with"]["sarif_file"], "cifuzz-sarif/results.sarif")
        self.assertEqual(upload["with"]["checkout_path"], "cifuzz-sarif")
        self.assertEqual(job["permissions"]["security-events"], "write")
        # Uploads of one category overwrite each other.
        self.assertIn("matrix.sanitizer", upload["with"]["category"])

    def test_options_limit_what_limits_h_does(self) -> None:
        [limit] = re.findall(r"kMaxInputBytes = (\d+);", text("fuzz/base/limits.h"))
        self.assertIn(f"max_len = {limit}\n", text("oss-fuzz/nofail.options"))
        self.assertIn(f"BYTES_OF_AN_INPUT = {limit} ", text("scripts/nofail_campaign/engines.py"))


if __name__ == "__main__":
    unittest.main()
