"""A small storm (case 25); ``python -m tests.storm`` lets a long one pass."""

from pathlib import Path

from .storm import Weather, run

SHARE = 0.1
"""What webhooks keep of their speed, at least. On a machine of its own it is far more; here
workers, service, Stripe, customers and other tests share two processors."""


def test_customers_get_sessions_and_webhooks_go_on_in_a_storm(postgres_url: str, tmp_path: Path):
    report = run(postgres_url, tmp_path, Weather(accounts=160, workers=2, customers=20, every=0.1))
    assert report.sessions == {201: 20}, report
    assert report.waits[-1] < 10, report
    assert not report.refused, report
    assert report.storm > SHARE * report.calm, report
    assert report.reads > 1, report
