"""The money model of Mesa's tutorial, run by ``money_exchange_speed.py`` in Mesa's environment: PEOPLE, RESULT."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import mesa


class Person(mesa.Agent):
    """A person who gives a unit of money to somebody."""

    def __init__(self, model):
        super().__init__(model)
        self.wealth = 1

    def exchange(self):
        if self.wealth > 0:
            other = self.random.choice(self.model.people)
            other.wealth += 1
            self.wealth -= 1


class Money(mesa.Model):
    """People who exchange money one after another."""

    def __init__(self, people):
        super().__init__(rng=42)
        Person.create_agents(self, people)
        self.people = list(self.agents)  # choosing from model.agents costs a pass over all agents

    def step(self):
        self.agents.shuffle_do("exchange")


def main(people: int, result: Path) -> None:
    model = Money(people)
    model.step()
    steps, began = 0, time.process_time()
    while steps < 2 or time.process_time() - began < 1.0:
        model.step()
        steps += 1
    rate = steps * people / (time.process_time() - began)
    share = sum(person.wealth == 0 for person in model.people) / people
    result.write_text(json.dumps({"rate": rate, "share_without_money": round(share, 4), "version": mesa.__version__}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
