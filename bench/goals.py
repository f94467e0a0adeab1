"""What was to be reached. Ratios are of CPU seconds, side by side in one run, unless their names say otherwise."""

from typing import NamedTuple

from bench.measure import rounded


class Goal(NamedTuple):
    figure: str  # the name of its line
    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def words(self) -> str:
        return f"≥ {rounded(self.least)}" if self.least is not None else f"≤ {rounded(self.most or 0)}"

    def said(self, value: float) -> str:
        return f"{'met   ' if self.met(value) else 'missed'} {self.figure}: {rounded(value)} (goal {self.words})"


GOALS = (
    Goal("names-table 100k cpu ratio platypus", least=25),
    Goal("names-table 100k cpu ratio platypus without start-up", least=25),
    Goal("names-table 100k cpu ratio canvas", least=15),
    Goal("names-table 100k cpu ratio canvas without start-up", least=15),
    Goal("names-table 100k cpu ratio typst", least=40),
    Goal("names-table 100k cpu ratio typst without start-up", least=40),
    Goal("names-table 100k memory ratio typst", least=60),
    Goal("names-table 10k cpu ratio weasyprint", least=150),
    Goal("names-table 10k cpu ratio weasyprint without start-up", least=150),
    Goal("names-table 10k cpu ratio fpdf2", least=60),
    Goal("names-table 10k cpu ratio fpdf2 without start-up", least=60),
    Goal("names-table 1M cpu ratio zlib floor", most=5),
    Goal("names-table peak ratio 1M to 10k", most=1.5),
    Goal("names-table 1M ours peak MB", most=96),
    Goal("names-table cost of a row ratio 1M to 100k", most=1.2),
    Goal("names-table 100k file ratio platypus", most=0.6),
    Goal("names-table 100k file ratio canvas", most=0.6),
    Goal("names-table 100k file ratio typst", most=0.6),
    Goal("shaped 10k cpu ratio weasyprint", least=3),
    Goal("compile 100k cpu ratio names table without start-up", most=3),
    Goal("seal 100 MB cpu percent of compile", most=8),
    Goal("seal 100 MB peak MB", most=128),
    Goal("sign cpu ratio pytition as shipped as recorded", least=60),
    Goal("sign cpu ratio pytition without bcrypt as recorded", least=6),
    Goal("sign 16 connections cpu ratio empty route", most=6),
    Goal("sign 16 connections cpu ratio own health route", most=6),
    Goal("sign 16 connections rate ratio 1M to 1k", least=0.8),
    Goal("sign 1k stored 64 connections p99 to p50", most=3),
    Goal("sign 1M stored at 60 % of the peak slowest ms", most=1_000),
    Goal("page 16 connections rate ratio empty route", least=0.6),
    Goal("page rate ratio pytition as recorded", least=30),
    Goal("letters a second", least=1_000),
    Goal("letters rate ratio smtplib", least=0.6),
)
