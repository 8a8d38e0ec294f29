"""`docs/metrics.md`, generated from the numbers themselves: what each means, and what to do about it."""

from collections.abc import Iterator

from prometheus_client import Metric

from shared.runtime.metrics import Metrics

HEAD = """# Metrics

What `GET /metrics` of each service tells, for operators. Generated from `shared/runtime/metrics.py`: run `python -m
deploy.generate`. No label names a case or a person.

The address asks for an operator's token, for these numbers tell how many people wait. Prometheus sends one from a file:

```yaml
scrape_configs:
  - job_name: second-look
    authorization: {credentials_file: /etc/prometheus/second-look.token}
    static_configs:
      - targets: [intake:8101, triage:8102, escalation:8103, notification:8104]
```

Gauges are those of the service's store or group, so all instances of a service tell the same; counters and histograms
are those of the instance that answers.

| name | kind | labels | what it means, and what to do |
| --- | --- | --- | --- |"""


def written() -> str:
    """The whole page."""
    metrics = Metrics()
    metrics.of_letters()
    found = sorted(metrics.registry.collect(), key=lambda each: each.name)
    return "\n".join((HEAD, *_rows(found, metrics), ""))


def _rows(found: list[Metric], metrics: Metrics) -> Iterator[str]:
    for each in found:
        name = f"{each.name}_total" if each.type == "counter" else each.name
        labels = ", ".join(metrics.labels.get(each.name, ())) or "-"
        yield f"| `{name}` | {each.type} | {labels} | {each.documentation} |"
