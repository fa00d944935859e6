"""``relink doctor``: try every setting, and say what is wrong and how to mend it."""

import argparse
import json
import os


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--stored",
        action="store_true",
        help="also read everything that is stored, before a new release goes live",
    )


def run(arguments: argparse.Namespace) -> int:
    """Try everything, and print one line for each thing.

    Returns:
        0, or 1 if there is any problem.
    """
    from relink.adapters.doctor import examine

    findings = []
    for finding in examine(os.environ, with_records=arguments.stored):
        findings.append(finding)
        if arguments.json:
            continue
        cure = f". {finding.cure}." if finding.cure else ""
        mark = "problem" if finding.is_problem else "ok"
        print(f"{mark:9}{finding.subject:26} {finding.detail}{cure}", flush=True)
    problems = sum(finding.is_problem for finding in findings)
    if arguments.json:
        checks = [
            {"subject": f.subject, "ok": not f.is_problem, "detail": f.detail, "cure": f.cure}
            for f in findings
        ]
        print(json.dumps({"ok": not problems, "checks": checks}, indent=2, ensure_ascii=False))
    else:
        were = "1 problem was" if problems == 1 else f"{problems or 'no'} problems were"
        print(f"{len(findings)} things were tried, {were} found")
    return 1 if problems else 0
