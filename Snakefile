# The study as a graph: features (-> weights) -> encodings -> chapters (-> chapters) -> book.
# What each step depends on is in its key (fico_lib/study/plan.py): features and encodings are
# stored under theirs; chapters and the book run again when theirs changes ("params" trigger).
import shlex
import sys
from pathlib import Path

from fico_lib.study.plan import plan

PLAN = plan(Path.cwd(), config["profile"])
FIRST = PLAN.first()
CHAPTER = {step.name: step for step in PLAN.chapters}
STEP = f"{shlex.quote(sys.executable)} -m fico_lib step"


rule book:
    input:
        expand(f"results/{PLAN.profile}/{{chapter}}", chapter=CHAPTER),
        expand(f"results/{PLAN.profile}/foundations/{{name}}.ipynb", name=PLAN.foundations),
    output:
        directory("_build/html"),
    params:
        key=PLAN.book_key,
    shell:
        "{STEP} book {PLAN.profile}"


rule chapter:
    wildcard_constraints:
        chapter="|".join(CHAPTER),
    input:
        lambda wildcards: [f"cache/encodings/{key}" for key in CHAPTER[wildcards.chapter].encodings],
        lambda wildcards: [
            f"results/{PLAN.profile}/{read}" for read in CHAPTER[wildcards.chapter].reads
        ],
    output:
        directory(f"results/{PLAN.profile}/{{chapter}}"),
    params:
        key=lambda wildcards: CHAPTER[wildcards.chapter].key,
    # What others can run beside comes first. A chapter that measures time asks for every core, so
    # nothing runs beside it.
    priority: lambda wildcards: int(not CHAPTER[wildcards.chapter].timed)
    threads: lambda wildcards: workflow.cores if CHAPTER[wildcards.chapter].timed else 1
    shell:
        "{STEP} chapter {PLAN.profile} {wildcards.chapter} {params.key}"


rule foundation:
    wildcard_constraints:
        name="|".join(PLAN.foundations),
    output:
        f"results/{PLAN.profile}/foundations/{{name}}.ipynb",
    params:
        key=lambda wildcards: PLAN.foundations[wildcards.name],
    priority: 1
    shell:
        "{STEP} foundation {PLAN.profile} {wildcards.name}"


# One process for many: to start one takes longer than to encode by a small model.
for group, quick_encodings in PLAN.quick.items():

    rule:
        name:
            f"quick_encodings_{group}"
        input:
            f"cache/features/{PLAN.encodings[quick_encodings[0]].features_key}",
        output:
            [directory(f"cache/encodings/{key}") for key in quick_encodings],
        params:
            group=group,
        priority: int(bool(FIRST & set(quick_encodings)))
        shell:
            "{STEP} quick-encodings {PLAN.profile} {params.group}"


rule encodings:
    wildcard_constraints:
        key="|".join(PLAN.single() or ["none"]),
    input:
        lambda wildcards: f"cache/features/{PLAN.encodings[wildcards.key].features_key}",
        lambda wildcards: [
            f"cache/models/{key}"
            for key in [PLAN.encodings[wildcards.key].weights_key]
            if key in PLAN.weights
        ],
    output:
        directory("cache/encodings/{key}"),
    priority: lambda wildcards: int(wildcards.key in FIRST)
    shell:
        "{STEP} encodings {PLAN.profile} {wildcards.key}"


# Only for models that share their weights: they are trained once, whichever is encoded first.
rule weights:
    input:
        lambda wildcards: f"cache/features/{PLAN.weights[wildcards.key].features_key}",
    output:
        directory("cache/models/{key}"),
    priority: lambda wildcards: int(wildcards.key in FIRST)
    shell:
        "{STEP} weights {PLAN.profile} {wildcards.key}"


rule features:
    output:
        directory("cache/features/{key}"),
    shell:
        "{STEP} features {PLAN.profile} {wildcards.key}"
