# SPDX-License-Identifier: MIT
"""Compares Carillon with other cron programs on random expressions, and explains each difference by a named rule.

    differential.py --carillon PROGRAM --folder FOLDER [--seed 1] [--count 20000] [--tool croner|croniter]

PROGRAM is made of questions.cpp. FOLDER holds node_modules/croner, and gets the questions and answers. A difference
that no rule explains is printed, and the exit code is 1. readings.py says what a rule is.
"""

import argparse
import collections
import dataclasses
import itertools
import json
import os
import pathlib
import subprocess
import sys

import croner_rules
import croniter_rules
from readings import Carillon, Reading, civil_date, offset

HERE = pathlib.Path(__file__).resolve().parent
MOST_SHOWN = 10


@dataclasses.dataclass
class Tool:
    name: str
    command: list
    rules: list
    process: object = None
    version: str = ""

    def start(self, options):
        """Puts the questions into a file and lets the program answer them into another."""
        asking = [options.carillon, "ask", self.name, str(options.seed), str(options.count)]
        with open(self.file(options, "questions"), "w", encoding="utf-8") as questions:
            subprocess.run(asking, stdout=questions, check=True)
        with open(self.file(options, "questions")) as questions, open(self.file(options, "answers"), "w") as answers:
            environment = {**os.environ, "TZ": "UTC"}
            self.process = subprocess.Popen(self.command, stdin=questions, stdout=answers, env=environment)

    def answers(self, options):
        """The pairs of question and answer, when it is done."""
        if self.process.wait() != 0:
            sys.exit(f"differential.py: {' '.join(self.command)} did not end well; its words are above")
        with open(self.file(options, "questions")) as questions, open(self.file(options, "answers")) as answers:
            self.version = json.loads(next(answers))["version"]
            yield from itertools.zip_longest(map(json.loads, questions), map(json.loads, answers))

    def file(self, options, what):
        return pathlib.Path(options.folder) / f"{self.name}_{what}.jsonl"


def tools(options):
    yield Tool("croner", ["node", str(HERE / "croner_answers.mjs"), options.folder], croner_rules.RULES)
    yield Tool("croniter", [sys.executable, str(HERE / "croniter_answers.py")], croniter_rules.RULES)


def agree(answer, other, zone):
    """Two refusals agree, whatever their words; what lies beyond Carillon's years is left out where a rule says so."""
    if "error" in answer or "error" in other:
        return "error" in answer and "error" in other
    times = other["times"]
    if "beyond" in answer:
        times = [at for at in times if 1970 <= civil_date(at + offset(zone, at)).year <= 2199]
    return answer["times"] == times


@dataclasses.dataclass
class Comparison:
    compared: int = 0
    equal: int = 0
    by_rule: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    unexplained: list = dataclasses.field(default_factory=list)

    def add(self, carillon, rules, question, theirs):
        reading = Reading(question["text"], question["dialect"], question["zone"])
        ours = expected = carillon.answer(reading, question)
        used = []
        for rule in rules:
            changed = rule(reading) or reading
            answer = expected if changed == reading else carillon.answer(changed, question)
            if answer != expected:
                used.append(rule.__name__)
            reading, expected = changed, answer
            if reading.refused:
                break
        self.compared += 1
        if not agree(expected, theirs, question["zone"]):
            told = {"question": question, "ours": ours, "theirs": theirs, "expected": expected, "rules": used}
            self.unexplained.append(told)
        elif agree(ours, theirs, question["zone"]):
            self.equal += 1
        else:
            self.by_rule.update(used)


def report(tool, comparison):
    explained = comparison.compared - comparison.equal - len(comparison.unexplained)
    print(f"\n{tool.name} {tool.version}: {comparison.compared} compared, {comparison.equal} equal,", end=" ")
    print(f"{explained} explained, {len(comparison.unexplained)} unexplained")
    for rule in tool.rules:
        print(f"  {comparison.by_rule[rule.__name__]:6}  {rule.__name__.replace('_', ' '):42}  {rule.__doc__}")
    for difference in comparison.unexplained[:MOST_SHOWN]:
        print("\n".join(f"  {key:8} {json.dumps(value)}" for key, value in difference.items()), end="\n\n")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--carillon", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--tool", choices=["croner", "croniter"])
    options = parser.parse_args()
    options.folder = str(pathlib.Path(options.folder).resolve())
    asked = [tool for tool in tools(options) if options.tool in (None, tool.name)]
    print(f"seed {options.seed}")
    for tool in asked:
        tool.start(options)
    carillon = Carillon(options.carillon)
    total = Comparison()
    for tool in asked:
        comparison = Comparison()
        for question, answer in tool.answers(options):
            comparison.add(carillon, tool.rules, question, answer)
        report(tool, comparison)
        total.compared += comparison.compared
        total.unexplained += comparison.unexplained
    carillon.close()
    print(f"\n{total.compared} compared, {len(total.unexplained)} unexplained")
    return 1 if total.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
