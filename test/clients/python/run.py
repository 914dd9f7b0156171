"""Runs real SDKs and agent frameworks against a Hansard server.

    run.py SUITE...

Each suite sets up its telemetry by the code of a page of docs/integrations, as a
reader of the page would, and then lets its agents work. The environment says
where the server is and where the model. One process runs all suites, because
importing these frameworks takes longer than anything that they do here.
"""

import importlib
import os
import pathlib
import re
import sys
import traceback

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "integrations"


def recipe(page: str, file: str) -> dict:
    """Runs the code block of a page that begins with a comment naming the file."""
    text = (DOCS / f"{page}.md").read_text()
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        if code.startswith(f"# {file}\n"):
            names = {"__name__": file.removesuffix(".py")}
            exec(compile(code, f"{page}.md:{file}", "exec"), names)
            return names
    raise LookupError(f"{page}.md has no code for {file}")


def main(suites: list[str]) -> int:
    failed = 0
    for suite in suites:
        module, _, name = suite.partition(".")
        os.environ["OTEL_SERVICE_NAME"] = suite  # tells the suites' events apart
        try:
            getattr(importlib.import_module(module), name)(recipe)
            print(f"{suite}: done", flush=True)
        except Exception:
            failed += 1
            print(f"{suite}: failed\n{traceback.format_exc()}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
